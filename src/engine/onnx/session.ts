import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import type { Fn } from '../../graph/node.js';
import type { CompileOptions, Device } from '../contract.js';
import type { ModelProto } from './proto.js';

/** How ONNX Runtime runs our models. */
export function sessionOptions(fn: Fn, model: ModelProto, { device, threads }: Pick<CompileOptions, 'device' | 'threads'>): InferenceSession.SessionOptions {
  return {
    executionProviders: providers(model, device),
    intraOpNumThreads: threadCount(threads),
    // An arena keeps the memory of its largest run: some 10 % faster, and too dear for what runs now and then.
    enableCpuMemArena: isStep(fn),
    // A plan of all offsets for one batch shape: 20 % more memory, and no faster.
    enableMemPattern: false,
    // The lowering says what is computed and in which order (see order.ts); a rewrite would undo the order.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
    // Weights are read where they are. Copies in the order in which a product reads them would make a step
    // some 7 % faster, and take the weights' bytes once more for each direction and each function.
    extra: { session: { disable_prepacking: '1' } },
  };
}

/** The function that is called all the time changes variables by a batch. */
function isStep(fn: Fn): boolean {
  return Object.keys(fn.updates).length > 0 && fn.inputs.some(({ shape }) => shape.some((dim) => typeof dim === 'string'));
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
