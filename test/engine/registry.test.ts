import { expect, test, vi } from 'vitest';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { chooseEngine, probeEngines, whyNot } from '../../src/engine/registry.js';

test('auto takes ONNX Runtime, and says why it is not on a better device', async () => {
  const { engine, device, reason } = await chooseEngine({ name: 'auto', device: 'auto' });
  expect(engine.name).toBe('onnx');
  const cuda = await engine.probe('cuda');
  expect(device).toBe(cuda.available ? 'cuda' : 'cpu');
  expect(reason).toBe(cuda.available ? 'the best engine here' : `the best engine here; no cuda: ${cuda.detail}`);
});

test('what is named is taken', async () => {
  expect(await chooseEngine({ name: 'tfjs', device: 'cpu' })).toMatchObject({ engine: { name: 'tfjs' }, device: 'cpu', reason: 'as asked for' });
  expect(await chooseEngine({ name: 'reference', device: 'auto' })).toMatchObject({ engine: { name: 'reference' }, device: 'cpu' });
});

test('only devices that may be chosen are tried', async () => {
  const probe = vi.spyOn(onnxEngine, 'probe');
  await chooseEngine({ name: 'auto', device: 'cpu' });
  expect(probe.mock.calls).toEqual([['cpu']]);
  await chooseEngine({ name: 'auto', device: 'auto' });
  expect(probe.mock.calls.slice(1)).not.toContainEqual(['webgpu']);
});

test('what is not there is refused with the reason and the remedy', async () => {
  await expect(chooseEngine({ name: 'tfjs', device: 'webgpu' })).rejects.toMatchObject({
    name: 'UserError',
    message: 'No engine for engine.name: tfjs, engine.device: webgpu. tfjs on webgpu: TensorFlow.js has no WebGPU backend for Node. Use engine.name: onnx, which has one.',
  });
  await expect(chooseEngine({ name: 'reference', device: 'cuda' })).rejects.toThrow('reference on cuda: the reference engine knows only the CPU.');
});

test('what is not there is told beforehand, where it is asked for by name', async () => {
  expect(await whyNot({ name: 'auto', device: 'auto' })).toBeNull();
  expect(await whyNot({ name: 'reference', device: 'cpu' })).toBeNull();
  expect(await whyNot({ name: 'auto', device: 'cpu' })).toBeNull();
  expect(await whyNot({ name: 'tfjs', device: 'webgpu' })).toBe('engine.name: tfjs, engine.device: webgpu is not to be had here (TensorFlow.js has no WebGPU backend for Node): a run would refuse to begin; `workbench doctor` says what to do.');
});

test('every engine has a row a device, and what is not available says why', async () => {
  const probed = await probeEngines();
  expect(probed.map(({ engine }) => engine)).toEqual(['onnx', 'tfjs', 'reference']);
  for (const { rows } of probed) {
    expect(rows.map(({ device }) => device).sort()).toEqual(['cpu', 'cuda', 'webgpu']);
    expect(rows.find(({ device }) => device === 'cpu')).toMatchObject({ available: true });
    for (const { detail } of rows) expect(detail).not.toBe('');
  }
});
