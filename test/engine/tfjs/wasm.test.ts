import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { expect, test } from 'vitest';
import { OutOfMemory } from '../../../src/engine/contract.js';
import { TfjsExecutable } from '../../../src/engine/tfjs/executable.js';
import { startWasm } from '../../../src/engine/tfjs/wasm.js';
import { Builder } from '../../../src/graph/builder.js';
import { makeFn } from '../../../src/graph/program.js';
import { f32 } from '../../../src/util/tensor.js';

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

test('a full heap is OutOfMemory, not overwritten values, and the executable lives on', async () => {
  expect(await startWasm()).toBe(true);
  const g = new Builder();
  const v = g.variable('v', [3]);
  const program = {
    variables: [{ name: 'v', dtype: 'f32', shape: [3], role: 'trainable' }] as const,
    functions: { f: makeFn('f', { sum: g.sum(g.broadcast(v, ['N', 3]), [0]), n: g.input('n', ['N']) }, { v: g.add(v, 1) }) },
  };
  const executable = new TfjsExecutable(program, { name: 'wasm', description: 'WebAssembly' }, { device: 'cpu', threads: 'auto', initial: () => f32([3], [1, 2, 3]), scratch: '' });
  const before = tf.memory().numTensors;

  // Reserve the heap in large blocks, which are never touched and so cost no memory.
  const { wasm: heap } = tf.backend() as tf.KernelBackend & { wasm: Heap };
  const blocks: number[] = [];
  for (const size of [2 ** 28, 2 ** 24, 2 ** 20]) {
    try {
      for (;;) blocks.push(heap._malloc(size));
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfMemory);
    }
  }
  expect(blocks.length).toBeGreaterThan(10);
  const large = f32([2 ** 20]);
  await expect(executable.run('f', { n: large })).rejects.toThrow(OutOfMemory);
  for (const block of blocks) heap._free(block);

  expect(tf.memory().numTensors).toBe(before);
  expect((await executable.read('v')).data).toEqual(Float32Array.of(1, 2, 3));
  expect((await executable.run('f', { n: f32([5]) })).sum).toEqual(f32([3], [5, 10, 15]));
  expect((await executable.read('v')).data).toEqual(Float32Array.of(2, 3, 4));
  await executable.dispose();
});
