import type { Engine } from '../contract.js';
import { OnnxExecutable } from './executable.js';
import { halves, probe } from './probe.js';

/** ONNX Runtime: its CPU provider, its bundled WebGPU provider, its CUDA provider where it has been installed. */
export const onnxEngine: Engine = {
  name: 'onnx',
  probe,
  unsupported: () => [],
  halves,
  compile: (program, options) => OnnxExecutable.create(program, options),
};
