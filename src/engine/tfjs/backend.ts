/**
 * Which of TensorFlow.js's backends computes. TensorFlow.js keeps one global engine a process, with one
 * current backend: this file alone sets it, and an executable asks for its own at the start of each run.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { Device } from '../contract.js';
import { loadNative, nativeBackend } from './native.js';
import { startWasm, wasmBackend } from './wasm.js';

export interface Backend {
  readonly name: string;
  /** In words: "TensorFlow.js 4.22.0, WebAssembly, one thread". */
  readonly description: string;
}

// Else TensorFlow.js advises on the console to install another backend. Global, as all its flags are.
tf.enableProdMode();

const library = `TensorFlow.js ${tf.version_core}`;

/** The fastest backend of a device that is there: the native binding, else WebAssembly, else plain JavaScript. */
export async function openBackend(device: Device): Promise<Backend | null> {
  const { found } = loadNative();
  switch (device) {
    case 'cuda':
      return found?.usesGpu === true ? { name: nativeBackend, description: `${library}, ${found.version} on a CUDA device` } : null;
    case 'webgpu':
      return null;
    case 'cpu':
      // With a GPU in use the binding puts everything there.
      if (found?.usesGpu === false) return { name: nativeBackend, description: `${library}, ${found.version}, ${process.env.TF_NUM_INTRAOP_THREADS ?? 'all'} threads` };
      return (wasm ??= startWasm()).then((works) =>
        works
          ? { name: wasmBackend, description: `${library}, WebAssembly, one thread` }
          : { name: 'cpu', description: `${library}, plain JavaScript` },
      );
  }
}

let wasm: Promise<boolean> | undefined;

/** Makes a backend that was opened the current one, at once. */
export function activate({ name }: Backend): void {
  if (tf.getBackend() !== name) void tf.setBackend(name);
}
