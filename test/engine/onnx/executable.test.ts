import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OutOfMemory, type Executable } from '../../../src/engine/contract.js';
import { onnxEngine } from '../../../src/engine/onnx/index.js';
import { emptyTensor } from '../../../src/engine/onnx/memory.js';
import { Builder } from '../../../src/graph/builder.js';
import type { Program } from '../../../src/graph/node.js';
import { makeFn } from '../../../src/graph/program.js';
import { f32, i32 } from '../../../src/util/tensor.js';

let scratch: string;
let executable: Executable;

/** y = x·w, with a frozen w, counted in `calls`; `vast` asks for N × 2⁴⁰ numbers after it has changed `calls`. */
function program(): Program {
  const g = new Builder();
  const calls = g.variable('calls', [1]);
  const more = g.add(calls, 1);
  const y = g.linear(g.input('x', ['N', 2]), g.variable('w', [2, 2]));
  const vast = g.sum(g.broadcast(g.cast(g.input('rows', ['N'], 'i32'), 'f32'), [2 ** 20, 2 ** 20, 'N']), [0, 1]);
  return {
    variables: [
      { name: 'w', dtype: 'f32', shape: [2, 2], role: 'frozen' },
      { name: 'calls', dtype: 'f32', shape: [1], role: 'trainable' },
    ],
    functions: { apply: makeFn('apply', { y }, { calls: more }), look: makeFn('look', { y }), vast: makeFn('vast', { vast }, { calls: more }) },
  };
}

const initial = { w: f32([2, 2], [1, 2, 3, 4]), calls: f32([1]) };
const x = f32([1, 2], [1, 10]);

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'workbench-onnx-'));
  executable = await onnxEngine.compile(program(), { device: 'cpu', threads: 1, scratch, initial: ({ name }) => initial[name as keyof typeof initial] });
});

afterEach(async () => {
  await executable.dispose();
  await rm(scratch, { recursive: true });
});

test('memory that cannot be had is OutOfMemory, and everything stays usable', async () => {
  await executable.run('apply', { x });
  await expect(executable.run('vast', { rows: i32([4], [1, 2, 3, 4]) })).rejects.toBeInstanceOf(OutOfMemory);
  expect([...(await executable.read('calls')).data]).toEqual([1]);
  await executable.run('apply', { x });
  expect([...(await executable.read('calls')).data]).toEqual([2]);
});

test('a frozen weight can be read and replaced', async () => {
  expect([...(await executable.run('apply', { x })).y.data]).toEqual([31, 42]);
  expect([...(await executable.read('w')).data]).toEqual([1, 2, 3, 4]);
  await executable.write('w', f32([2, 2], [0, 1, 1, 0]));
  expect([...(await executable.read('w')).data]).toEqual([0, 1, 1, 0]);
  for (const fn of ['apply', 'look']) expect([...(await executable.run(fn, { x })).y.data]).toEqual([10, 1]);
});

test('a function costs nothing before it is run', async () => {
  expect(await readdir(scratch)).toEqual([]);
  await executable.run('look', { x });
  expect((await readdir(scratch)).sort()).toEqual(['look.onnx']);
});

test('its description says where it computes', () => {
  expect(executable.description).toMatch(/^onnx \d+\.\d+\.\d+ on cpu, 1 thread$/);
});

test('memory that cannot be had is the contract\'s error', () => {
  expect(() => emptyTensor({ dtype: 'f32', shape: [2 ** 20, 2 ** 20] })).toThrow(OutOfMemory);
  const vast: Program = { variables: [{ name: 'v', dtype: 'f32', shape: [2 ** 20, 2 ** 20], role: 'trainable' }], functions: {} };
  const compiled = onnxEngine.compile(vast, { device: 'cpu', threads: 1, initial: () => emptyTensor({ dtype: 'f32', shape: [2 ** 20, 2 ** 20] }), scratch });
  return expect(compiled).rejects.toThrow(OutOfMemory);
});
