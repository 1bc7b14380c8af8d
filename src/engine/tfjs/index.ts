import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../../util/errors.js';
import type { Availability, Device, Engine, HalfSupport } from '../contract.js';
import { openBackend } from './backend.js';
import { TfjsExecutable } from './executable.js';
import { loadNative } from './native.js';

/** TensorFlow.js: TensorFlow itself where its native binding is installed, else WebAssembly. */
export const tfjsEngine: Engine = {
  name: 'tfjs',

  probe: availability,

  // What a backend has no kernel for is composed of others; real numbers of 16 bits it has none of.
  unsupported: () => ['f16', 'bf16'],
  halves: async () => ({ f16: none, bf16: none }),

  async compile(program, options) {
    const backend = await openBackend(options.device);
    if (backend === null) {
      const { detail, remedy } = await availability(options.device);
      throw new UserError(`TensorFlow.js cannot compute on ${options.device}: ${detail}. ${remedy ?? ''}`.trim());
    }
    return new TfjsExecutable(program, backend, options);
  },
};

const none: HalfSupport = { kind: 'lacks', detail: 'TensorFlow.js has no real numbers of 16 bits' };

async function availability(device: Device): Promise<Availability> {
  const backend = await openBackend(device);
  if (backend !== null) return { device, available: true, detail: backend.description + hint(device, backend.name), remedy: null };
  if (device === 'webgpu') {
    return { device, available: false, detail: 'TensorFlow.js has no WebGPU backend for Node', remedy: 'Use engine.name: onnx, which has one.' };
  }
  const { found, broken } = loadNative();
  const reasons = broken.map(({ package: name, reason }) => `${name} did not load: ${reason}`);
  if (found !== null) reasons.push(`${found.package} (${found.version}) uses no CUDA device`);
  return {
    device,
    available: false,
    detail: reasons.join('; ') || '@tensorflow/tfjs-node-gpu is not installed',
    remedy: `On a machine with CUDA 11.2 and cuDNN 8: npm install --no-save --save-prod @tensorflow/tfjs-node-gpu@${tf.version_core} (docs/engines.md).`,
  };
}

/** Why a slower backend than the machine's best serves a device. */
function hint(device: Device, backend: string): string {
  if (device !== 'cpu' || backend === 'tensorflow') return '';
  const { found, broken } = loadNative();
  if (found !== null) return ' (TensorFlow has the GPU: CUDA_VISIBLE_DEVICES=-1 gives it to the CPU instead)';
  if (broken.length > 0) return ` (${broken.map(({ package: name, reason }) => `${name} did not load: ${reason}`).join('; ')})`;
  return ' (@tensorflow/tfjs-node, an optional package, computes natively)';
}
