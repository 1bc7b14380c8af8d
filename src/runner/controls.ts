/** What was asked of a run, on its way to a thread that is deep in native code: shared memory of one word with a bit each, and one that counts changes. */
import { opposite, type Request } from '../trainer/events.js';

const bits = { stop: 1, pause: 2, continue: 4, save: 8, evaluate: 16, sample: 32, terminate: 64 } as const satisfies Record<Request, number>;

const names = Object.keys(bits) as Request[];

export function isControl(value: unknown): value is Request {
  return names.some((name) => name === value);
}

export function newControls(): SharedArrayBuffer {
  return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
}

/** In the place of the count of changes: the run takes none any more. */
const closed = -1;

/** Counts a change that is posted at once after this; false when the run takes none any more. */
export function admitChange(controls: SharedArrayBuffer): boolean {
  const words = new Int32Array(controls);
  for (;;) {
    const admitted = Atomics.load(words, 1);
    if (admitted === closed) return false;
    if (Atomics.compareExchange(words, 1, admitted, admitted + 1) === admitted) return true;
  }
}

/** From here on no change is admitted; false when one was that is not among the `taken` ones. */
export function closeChanges(controls: SharedArrayBuffer, taken: number): boolean {
  const before = Atomics.compareExchange(new Int32Array(controls), 1, taken, closed);
  return before === taken || before === closed;
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
