import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { env } from 'onnxruntime-node';
import { messageOf } from '../../util/errors.js';
import type { Half } from '../../util/half.js';
import type { Availability, Device, HalfSupport } from '../contract.js';
import { encodeModel, elementType, type NodeProto, type ValueInfoProto } from './proto.js';

const runtime = createRequire(import.meta.url).resolve('onnxruntime-node');
const title = `ONNX Runtime ${env.versions.node ?? env.versions.common}`;

export async function probe(device: Device): Promise<Availability> {
  switch (device) {
    case 'cpu':
      return { device, available: true, detail: `${title}, CPU`, remedy: null };
    case 'webgpu':
      return webgpu();
    case 'cuda':
      return cuda();
  }
}

const held: HalfSupport = { kind: 'holds', detail: 'the CPU holds numbers in 16 bits and computes in f32: less memory, a little more time' };
const computed: HalfSupport = { kind: 'computes', detail: 'products in 16 bits' };

export async function halves(device: Device): Promise<Readonly<Record<Half, HalfSupport>>> {
  switch (device) {
    case 'cpu':
      return { f16: held, bf16: held };
    case 'webgpu':
      return { f16: supportIn('f16', await webgpu('f16')), bf16: { kind: 'lacks', detail: 'WebGPU has no bfloat16' } };
    case 'cuda':
      return { f16: supportIn('f16', await cuda('f16')), bf16: supportIn('bf16', await cuda('bf16')) };
  }
}

/** Cards before Ampere have no products in bf16, adapters without `shader-f16` none in f16. */
function supportIn(type: Half, { device, available, detail }: Availability): HalfSupport {
  return available ? computed : { kind: 'lacks', detail: `${device} does not compute in ${type} here (${detail})` };
}

function webgpu(inType: Product = 'f32'): Promise<Availability> {
  return proven({ device: 'webgpu', detail: `${title}, WebGPU`, remedy: 'Install a Vulkan driver for the GPU; a software one is named by VK_ICD_FILENAMES=path/to/icd.json.' }, inType);
}

/** What a product is tried in. */
type Product = 'f32' | Half;

/** Only a device that has computed something counts: in a process of its own, where a driver may print or crash. */
async function proven({ device, detail, remedy }: Pick<Availability, 'device' | 'detail' | 'remedy'>, inType: Product): Promise<Availability> {
  const script = `
    const { InferenceSession, Tensor } = require(process.argv[1]);
    const model = Buffer.from(process.argv[2], 'base64');
    const x = new Tensor('float32', [3], [1, 1]);
    InferenceSession.create(model, { executionProviders: [process.argv[3]], logSeverityLevel: 3 })
      .then((session) => session.run({ x }))
      .then(({ y }) => process.exit(y.data[0] === 9 ? 0 : 1))
      .catch((error) => { console.log(error.message); process.exit(1); });`;
  try {
    await promisify(execFile)(process.execPath, ['-e', script, runtime, Buffer.from(squaring(inType)).toString('base64'), device], { timeout: 30_000 });
    return { device, available: true, detail, remedy: null };
  } catch (error) {
    return { device, available: false, detail: reasonOf(error), remedy };
  }
}

/** What is missing by name, where ONNX Runtime or the driver says it; without the place in their sources. */
export function reasonOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error instanceof Error ? (error as { readonly stdout?: string; readonly stderr?: string }) : {};
  const missing = /(\S+\.so[.\d]*): cannot open shared object file/.exec(stderr);
  if (missing) return `${missing[1]} is not found`;
  const failure = /CUDA failure \d+: ([^;]+?) *;/.exec(stdout);
  if (failure) return failure[1];
  const sentence = (stdout.trim() || messageOf(error)).split('\n')[0];
  return /Failed to .*/.exec(sentence)?.[0] ?? sentence.slice(0, 200);
}

/** The provider is a library that the package does not bundle. */
async function cuda(inType: Product = 'f32'): Promise<Availability> {
  const library = join(dirname(runtime), '..', 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
  if (existsSync(library)) return proven({ device: 'cuda', detail: `${title}, CUDA`, remedy: 'Install the driver of the card and the CUDA libraries (docs/engines.md), put them on LD_LIBRARY_PATH, or choose engine.device: cpu.' }, inType);
  const supported = process.platform === 'linux' && process.arch === 'x64';
  return {
    device: 'cuda',
    available: false,
    detail: supported ? 'the CUDA provider of ONNX Runtime is not installed' : `ONNX Runtime has no CUDA provider for ${process.platform} ${process.arch}`,
    remedy: supported ? 'Take it from the wheel onnxruntime-gpu of the same version: docs/engines.md has the four commands.' : null,
  };
}

/** y = x·x, in a type between casts. */
function squaring(inType: Product): Uint8Array {
  const matrix = (name: string): ValueInfoProto => ({ name, type: { tensorType: { elemType: elementType.f32, shape: { dim: [{ dimValue: 1 }, { dimValue: 1 }] } } } });
  const cast = (from: string, to: string, type: Product): NodeProto => ({ name: to, opType: 'Cast', domain: '', input: [from], output: [to], attribute: [{ name: 'to', type: 2, i: elementType[type] }] });
  return encodeModel({
    irVersion: 10,
    producerName: 'workbench',
    opsetImport: [{ domain: '', version: 20 }],
    graph: {
      name: 'probe',
      node: [cast('x', 'typed', inType), { name: 'square', opType: 'MatMul', domain: '', input: ['typed', 'typed'], output: ['product'], attribute: [] }, cast('product', 'y', 'f32')],
      initializer: [],
      input: [matrix('x')],
      output: [matrix('y')],
    },
  });
}
