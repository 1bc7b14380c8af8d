import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import type { Engine } from '../../../src/engine/contract.js';
import { f32 } from '../../../src/util/tensor.js';

const nowhere = join(tmpdir(), 'no-such-binding');
let engine: Engine;

beforeAll(async () => {
  vi.stubEnv('WORKBENCH_TFJS_NODE', nowhere); // read once, when the first backend is opened
  ({ tfjsEngine: engine } = await import('../../../src/engine/tfjs/index.js'));
});

test('a binding that does not load is named with its reason, and another backend serves', async () => {
  const rows = { cpu: await engine.probe('cpu'), cuda: await engine.probe('cuda'), webgpu: await engine.probe('webgpu') };
  expect(rows.cpu.available).toBe(true);
  expect(rows.cpu.detail).toContain(`${nowhere} did not load: Cannot find module`);
  expect(rows.cuda).toMatchObject({ available: false, detail: expect.stringContaining(nowhere), remedy: expect.stringContaining('@tensorflow/tfjs-node-gpu') });
  expect(rows.webgpu).toMatchObject({ available: false, remedy: expect.stringContaining('onnx') });
});

test('compiling for a device that is not there says what to do', async () => {
  const compiled = engine.compile({ variables: [], functions: {} }, { device: 'webgpu', threads: 'auto', initial: () => f32([]), scratch: '' });
  await expect(compiled).rejects.toMatchObject({ name: 'UserError', message: 'TensorFlow.js cannot compute on webgpu: TensorFlow.js has no WebGPU backend for Node. Use engine.name: onnx, which has one.' });
});
