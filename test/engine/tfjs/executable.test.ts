import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import type { Executable } from '../../../src/engine/contract.js';
import { openBackend } from '../../../src/engine/tfjs/backend.js';
import { TfjsExecutable } from '../../../src/engine/tfjs/executable.js';
import { Builder } from '../../../src/graph/builder.js';
import type { Program } from '../../../src/graph/node.js';
import { makeFn } from '../../../src/graph/program.js';
import { bool, f32, i32 } from '../../../src/util/tensor.js';

const backends = [(await openBackend('cpu'))!, { name: 'cpu', description: 'plain JavaScript' }];

/** `move` adds x to v and puts the old v into w; `pick` reads a row of v. */
function program(): Program {
  const g = new Builder();
  const v = g.variable('v', [3]);
  const x = g.input('x', [3]);
  const rows = g.input('rows', ['N'], 'i32');
  return {
    variables: [
      { name: 'v', dtype: 'f32', shape: [3], role: 'trainable' },
      { name: 'w', dtype: 'f32', shape: [3], role: 'trainable' },
    ],
    functions: {
      move: makeFn('move', { sum: g.add(v, x), x, v }, { v: g.add(v, x), w: v }),
      pick: makeFn('pick', { picked: g.gatherRows(g.add(v, 1), rows) }, { v: g.broadcast(g.sum(g.gatherRows(v, rows), [0]), [3]) }),
    },
  };
}

describe.each(backends)('$description', (backend) => {
  const compile = (): Executable => new TfjsExecutable(program(), backend, { device: 'cpu', threads: 'auto', initial: () => f32([3], [1, 2, 3]), scratch: '' });
  const values = async (executable: Executable, name: string): Promise<number[]> => [...(await executable.read(name)).data];

  test('updates see the variables as they were and take effect together', async () => {
    const executable = compile();
    await executable.run('move', { x: f32([3], [10, 20, 30]) });
    expect(await values(executable, 'v')).toEqual([11, 22, 33]);
    expect(await values(executable, 'w')).toEqual([1, 2, 3]);
    await executable.dispose();
  });

  test('nothing is left in memory but the variables, and nothing at all after dispose', async () => {
    const before = tf.memory().numTensors;
    const executable = compile();
    for (let i = 0; i < 3; i++) await executable.run('move', { x: f32([3], [1, 1, 1]) });
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(executable.variableBytes).toBe(24);
    await executable.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a run that fails changes no variable and leaves nothing behind', async () => {
    const executable = compile();
    const before = tf.memory().numTensors;
    await expect(executable.run('pick', { rows: i32([2], [0, 3]) })).rejects.toThrow(/running pick/);
    expect(tf.memory().numTensors).toBe(before);
    expect(await values(executable, 'v')).toEqual([1, 2, 3]);
    expect((await executable.run('pick', { rows: i32([2], [0, 2]) })).picked).toEqual(f32([2], [2, 4]));
    expect(await values(executable, 'v')).toEqual([4, 4, 4]);
    await executable.dispose();
  });

  test('what goes in and comes out is a copy', async () => {
    const executable = compile();
    const x = f32([3], [1, 1, 1]);
    const outputs = await executable.run('move', { x });
    outputs.v.data.fill(-1);
    outputs.x.data.fill(-1);
    (await executable.read('w')).data.fill(-1);
    expect(x).toEqual(f32([3], [1, 1, 1]));
    expect(await values(executable, 'v')).toEqual([2, 3, 4]);
    expect(await values(executable, 'w')).toEqual([1, 2, 3]);

    const written = f32([3], [7, 8, 9]);
    await executable.write('v', written);
    written.data.fill(-1);
    expect(await values(executable, 'v')).toEqual([7, 8, 9]);
    await executable.dispose();
  });

  test('what the program does not declare is refused', async () => {
    const executable = compile();
    await expect(executable.run('walk', {})).rejects.toThrow('no function walk; it has move, pick');
    await expect(executable.run('move', { x: f32([2]) })).rejects.toThrow('input x of move');
    await expect(executable.read('u')).rejects.toThrow('no variable u');
    await expect(executable.write('v', f32([4]))).rejects.toThrow('variable v');
    await executable.dispose();
  });

  test('bools are chosen and made as bools', async () => {
    const g = new Builder();
    const c = g.input('c', [2, 1], 'bool');
    const made = { chosen: g.where(c, g.input('a', [3], 'bool'), g.input('b', [1], 'bool')), some: g.cast(g.input('x', [4]), 'bool'), high: g.cast(g.input('i', [2], 'i32'), 'bool') };
    const executable = new TfjsExecutable({ variables: [], functions: { f: makeFn('f', made) } }, backend, { device: 'cpu', threads: 'auto', initial: () => f32([]), scratch: '' });
    const feeds = { c: bool([2, 1], [1, 0]), a: bool([3], [1, 0, 1]), b: bool([1], [1]), x: f32([4], [0.5, 0, -0, -3]), i: i32([2], [256, 0]) };
    expect(await executable.run('f', feeds)).toEqual({ chosen: bool([2, 3], [1, 0, 1, 1, 1, 1]), some: bool([4], [1, 0, 0, 1]), high: bool([2], [1, 0]) });
    await executable.dispose();
  });
});

test('executables on two backends take turns', async () => {
  const executables = backends.map((backend) => new TfjsExecutable(program(), backend, { device: 'cpu', threads: 'auto', initial: () => f32([3], [1, 2, 3]), scratch: '' }));
  for (let i = 0; i < 2; i++) await Promise.all(executables.map((executable) => executable.run('move', { x: f32([3], [1, 1, 1]) })));
  for (const executable of executables) {
    expect((await executable.read('v')).data).toEqual(Float32Array.of(3, 4, 5));
    await executable.dispose();
  }
});
