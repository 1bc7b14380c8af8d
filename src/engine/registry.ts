/** Knows all engines, loads one when it is asked for, and chooses. */
import { messageOf, UserError } from '../util/errors.js';
import { devices, type Availability, type Device, type Engine, type EngineName } from './contract.js';

export interface EngineRequest {
  readonly name: EngineName | 'auto';
  readonly device: Device | 'auto';
}

export interface EngineChoice {
  readonly engine: Engine;
  readonly device: Device;
  /** In words, for the log and the screen. */
  readonly reason: string;
}

export interface ProbedEngine {
  readonly engine: EngineName;
  readonly rows: readonly Availability[];
}

const loaders: { readonly [E in EngineName]: () => Promise<Engine> } = {
  onnx: async () => (await import('./onnx/index.js')).onnxEngine,
  tfjs: async () => (await import('./tfjs/index.js')).tfjsEngine,
  reference: async () => (await import('./reference/index.js')).referenceEngine,
};

/** Fastest first. The reference engine is for tests, so it must be asked for by name. */
const automaticEngines: readonly EngineName[] = ['onnx', 'tfjs'];

/** WebGPU must be asked for: an adapter may be software, far slower than the CPU it runs on, and does not say so. */
const automaticDevices: readonly Device[] = ['cuda', 'cpu'];

/** What is there and what is not, a row an engine and device; never throws. */
export async function probeEngines(): Promise<ProbedEngine[]> {
  const probed: ProbedEngine[] = [];
  for (const engine of ['onnx', 'tfjs', 'reference'] as const) probed.push({ engine, rows: await Promise.all(devices.map((device) => probe(engine, device))) });
  return probed;
}

/**
 * The best engine and device that fit a request: CUDA where it really works, else the CPU, ONNX Runtime before
 * TensorFlow.js. Throws a UserError with the remedy where what is asked for is not there.
 */
export async function chooseEngine({ name, device }: EngineRequest): Promise<EngineChoice> {
  const refusals: string[] = [];
  for (const engine of name === 'auto' ? automaticEngines : [name]) {
    const passedOver: Availability[] = [];
    for (const candidate of device === 'auto' ? automaticDevices : [device]) {
      const row = await probe(engine, candidate);
      if (row.available) return { engine: await loaders[engine](), device: candidate, reason: reasonFor({ name, device }, passedOver) };
      passedOver.push(row);
    }
    refusals.push(...passedOver.map((row) => `${engine} on ${row.device}: ${row.detail}. ${row.remedy ?? ''}`.trim()));
  }
  throw new UserError(`No engine for engine.name: ${name}, engine.device: ${device}. ${refusals.join(' ')}`);
}

/** Why what is asked for by name is not to be had here, as a sentence; null where it is, or all is left to choose. Never throws. */
export async function whyNot({ name, device }: EngineRequest): Promise<string | null> {
  const wanted = [name === 'auto' ? null : `engine.name: ${name}`, device === 'auto' ? null : `engine.device: ${device}`].filter((part) => part !== null);
  if (wanted.length === 0) return null;
  let first: Availability | null = null;
  for (const engine of name === 'auto' ? automaticEngines : [name]) {
    for (const candidate of device === 'auto' ? automaticDevices : [device]) {
      const row = await probe(engine, candidate);
      if (row.available) return null;
      first ??= row;
    }
  }
  return `${wanted.join(', ')} is not to be had here (${first?.detail ?? 'there is none'}): a run would refuse to begin; \`workbench doctor\` says what to do.`;
}

/** An engine that cannot even be loaded says so for every device. */
async function probe(engine: EngineName, device: Device): Promise<Availability> {
  try {
    return await (await loaders[engine]()).probe(device);
  } catch (error) {
    return { device, available: false, detail: `it does not load: ${messageOf(error)}`, remedy: 'Run `npm ci` again on this machine.' };
  }
}

/** `passedOver` are the devices that would have been better. */
function reasonFor({ name, device }: EngineRequest, passedOver: readonly Availability[]): string {
  if (name !== 'auto' && device !== 'auto') return 'as asked for';
  const choice = name !== 'auto' ? `the best device for ${name}` : device !== 'auto' ? `the best engine for ${device}` : 'the best engine here';
  return choice + passedOver.map((row) => `; no ${row.device}: ${row.detail}`).join('');
}
