/**
 * The native binding: TensorFlow itself (`@tensorflow/tfjs-node-gpu`, `@tensorflow/tfjs-node`). Both are
 * optional peers that a plain install never touches, so they are looked for when they are first wanted.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../util/errors.js';

/** The name under which either package registers its backend. */
export const nativeBackend = 'tensorflow';

export interface Native {
  readonly package: string;
  /** "TensorFlow 2.9.1" */
  readonly version: string;
  readonly usesGpu: boolean;
}

/** A package that is installed and did not load. */
export interface Broken {
  readonly package: string;
  readonly reason: string;
}

export interface NativeSearch {
  readonly found: Native | null;
  readonly broken: readonly Broken[];
}

const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** What this engine needs to know of the backend that the binding registers. */
interface NodeBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

let search: NativeSearch | undefined;

/**
 * Loads the first binding that works: the folder in `WORKBENCH_TFJS_NODE`, else tfjs-node-gpu, else tfjs-node,
 * found as Node finds packages (`NODE_PATH` counts). One a process, as it brings a shared library of TensorFlow.
 */
export function loadNative(env: NodeJS.ProcessEnv = process.env): NativeSearch {
  search ??= searchNative(env);
  return search;
}

function searchNative(env: NodeJS.ProcessEnv): NativeSearch {
  // TensorFlow greets on stderr from native code; this is read when the library loads.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const load = createRequire(import.meta.url);
  const broken: Broken[] = [];
  const own = env.WORKBENCH_TFJS_NODE;
  for (const candidate of own === undefined || own === '' ? packages : [own, ...packages]) {
    try {
      load(candidate);
      const { isUsingGpuDevice, binding } = nodeBackend(tf.findBackend(nativeBackend));
      return { found: { package: candidate, version: `TensorFlow ${binding.TF_Version}`, usesGpu: isUsingGpuDevice }, broken };
    } catch (error) {
      if (candidate === own || !isAbsent(error, candidate)) broken.push({ package: candidate, reason: messageOf(error).trim().split('\n')[0] });
    }
  }
  return { found: null, broken };
}

function isAbsent(error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${name}'`);
}

function nodeBackend(backend: tf.KernelBackend | null): NodeBackend {
  if (backend === null || !('isUsingGpuDevice' in backend && 'binding' in backend)) throw new Error('it registered no TensorFlow backend');
  return backend as NodeBackend;
}
