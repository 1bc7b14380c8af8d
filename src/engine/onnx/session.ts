import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import type { CompileOptions } from '../contract.js';

/** How ONNX Runtime runs our models. */
export function sessionOptions({ device, threads }: Pick<CompileOptions, 'device' | 'threads'>): InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads === 'auto' ? availableParallelism() : threads,
    // A plan of all offsets for one batch shape: 20 % more memory, and no faster.
    enableMemPattern: false,
    // The lowering says what is computed and in which order (see order.ts); a rewrite would undo the order.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  };
}
