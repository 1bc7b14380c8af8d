import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import type { CompileOptions, Device } from '../contract.js';
import type { ModelProto } from './proto.js';

interface SessionChoices extends Pick<CompileOptions, 'device' | 'threads'> {
  /**
   * Keep copies of the weights in the order in which the matrix product reads them: some 10 % faster, and as
   * much memory again for every function that has it. Without, the weights are read from the mapped file.
   */
  readonly packed: boolean;
}

/** How ONNX Runtime runs our models. */
export function sessionOptions(model: ModelProto, { device, threads, packed }: SessionChoices): InferenceSession.SessionOptions {
  return {
    executionProviders: providers(model, device),
    intraOpNumThreads: threadCount(threads),
    // A plan of all offsets for one batch shape: 20 % more memory, and no faster.
    enableMemPattern: false,
    // The lowering says what is computed and in which order (see order.ts); a rewrite would undo the order.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
    extra: { session: { disable_prepacking: packed ? '0' : '1' } },
  };
}

export function threadCount(threads: CompileOptions['threads']): number {
  return threads === 'auto' ? availableParallelism() : threads;
}

/** What the device lacks runs on the CPU. */
function providers(model: ModelProto, device: Device): readonly InferenceSession.ExecutionProviderConfig[] {
  switch (device) {
    case 'cpu':
      return ['cpu'];
    case 'cuda':
      return ['cuda', 'cpu'];
    case 'webgpu': {
      // WGSL promises sine and cosine to 2⁻¹¹ between −π and π, and nothing beyond: too little for positions.
      const angles = model.graph.node.filter(({ opType }) => opType === 'Sin' || opType === 'Cos').map(({ name }) => name);
      return [angles.length === 0 ? 'webgpu' : { name: 'webgpu', forceCpuNodeNames: angles }, 'cpu'];
    }
  }
}
