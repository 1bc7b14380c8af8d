/** What was asked of a run, on its way to a thread that is deep in native code: one bit each in shared memory. */
import { opposite, type Request } from '../trainer/events.js';

const bits = { stop: 1, pause: 2, continue: 4, save: 8, evaluate: 16, sample: 32, terminate: 64 } as const satisfies Record<Request, number>;

const names = Object.keys(bits) as Request[];

export function isControl(value: unknown): value is Request {
  return names.some((name) => name === value);
}

export function newControls(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

export function askFor(controls: SharedArrayBuffer, control: Request): void {
  const word = new Int32Array(controls);
  const undone = opposite[control];
  if (undone !== undefined) Atomics.and(word, 0, ~bits[undone]);
  Atomics.or(word, 0, bits[control]);
}

/** Takes all that was asked since the last call. */
export function takeAsked(controls: SharedArrayBuffer): Request[] {
  const asked = Atomics.exchange(new Int32Array(controls), 0, 0);
  return names.filter((name) => (asked & bits[name]) !== 0);
}
