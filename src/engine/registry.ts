/** Knows all engines, loads one when it is asked for, and chooses. */
import { messageOf, UserError } from '../util/errors.js';
import type { Availability, Device, Engine, EngineName } from './contract.js';

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
  for (const engine of ['onnx', 'tfjs', 'reference'] as const) probed.push({ engine, rows: await probe(engine) });
  return probed;
}

/**
 * The best engine and device that fit a request: CUDA where it really works, else the CPU, ONNX Runtime before
 * TensorFlow.js. Throws a UserError with the remedy where what is asked for is not there.
 */
export async function chooseEngine({ name, device }: EngineRequest): Promise<EngineChoice> {
  const refusals: string[] = [];
  for (const engine of name === 'auto' ? automaticEngines : [name]) {
    const rows = await probe(engine);
    const wanted = (device === 'auto' ? automaticDevices : [device]).flatMap((one) => rows.filter((row) => row.device === one));
    const found = wanted.find(({ available }) => available);
    if (found !== undefined) {
      return { engine: await loaders[engine](), device: found.device, reason: reasonFor({ name, device }, wanted) };
    }
    refusals.push(...wanted.map((row) => `${engine} on ${row.device}: ${row.detail}. ${row.remedy ?? ''}`.trim()));
  }
  throw new UserError(`No engine for engine.name: ${name}, engine.device: ${device}. ${refusals.join(' ')}`);
}

/** The rows of one engine; one that cannot even be loaded says so for every device. */
async function probe(engine: EngineName): Promise<readonly Availability[]> {
  try {
    return await (await loaders[engine]()).probe();
  } catch (error) {
    const detail = `it does not load: ${messageOf(error)}`;
    return (['cpu', 'webgpu', 'cuda'] as const).map((device) => ({ device, available: false, detail, remedy: 'Run `npm ci` again on this machine.' }));
  }
}

/** `rows` are the devices that were considered; the first available one is the choice. */
function reasonFor({ name, device }: EngineRequest, rows: readonly Availability[]): string {
  if (name !== 'auto' && device !== 'auto') return 'as asked for';
  const passedOver = rows.slice(0, rows.findIndex(({ available }) => available)).map((row) => `; no ${row.device}: ${row.detail}`);
  const choice = name !== 'auto' ? `the best device for ${name}` : device !== 'auto' ? `the best engine for ${device}` : 'the best engine here';
  return choice + passedOver.join('');
}
