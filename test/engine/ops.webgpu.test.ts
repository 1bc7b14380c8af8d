/** The op cases and the contract on WebGPU, in a process of their own: a driver that crashes takes no other test along. */
import './software-gpu.js';
import { describeEngine } from './run-engine.js';

await describeEngine({ name: 'onnx', device: 'webgpu', load: async () => (await import('../../src/engine/onnx/index.js')).onnxEngine });
