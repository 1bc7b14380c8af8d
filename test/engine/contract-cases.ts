/** What `engine/contract.ts` promises beyond the ops, as checks that every engine runs. */
import { expect } from 'vitest';
import type { Executable } from '../../src/engine/contract.js';
import { Builder } from '../../src/graph/builder.js';
import type { Fn, Program } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { Random } from '../../src/util/random.js';
import { bool, f32, i32, sizeOf, type Tensor } from '../../src/util/tensor.js';
import { withExecutable, type EngineOnDevice } from './check-case.js';

type Check = (on: EngineOnDevice) => Promise<void>;

const start: Readonly<Record<string, Tensor>> = {
  a: f32([2, 3], [1, 2, 3, 4, 5, 6]),
  b: f32([2, 3], [10, 20, 30, 40, 50, 60]),
  weight: normal([64, 48], 'weight'),
};

function normal(shape: readonly number[], name: string): Tensor<'f32'> {
  const random = new Random(name);
  return f32(shape, Array.from({ length: sizeOf(shape) }, () => random.normal()));
}

/** Two variables to swap and to collect sums in, and a function with every kind of input. */
function program(): Program {
  const g = new Builder();
  const a = g.variable('a', [2, 3]);
  const b = g.variable('b', [2, 3]);
  const factor = g.input('factor', []);
  const x = g.input('x', ['B', 'T', 64]);
  const mask = g.input('mask', ['B', 'T+P'], 'bool');
  const past = g.input('past', ['P'], 'i32');
  const rows = g.input('rows', ['N', 3]);
  const functions: Fn[] = [
    makeFn('swap', { before: a }, { a: b, b: g.mul(a, factor) }),
    makeFn('collect', { sum: g.sum(rows, [0]) }, { a: g.add(a, g.sum(rows, [0])) }),
    makeFn('see', { a, same: a, twice: g.add(a, a) }),
    makeFn('attend', { y: g.softmax(g.linear(x, g.variable('weight', [64, 48]))), seen: g.cast(mask, 'i32'), past }),
  ];
  return {
    variables: Object.entries(start).map(([name, { dtype, shape }]) => ({ name, dtype, shape, role: 'trainable' })),
    functions: Object.fromEntries(functions.map((fn) => [fn.name, fn])),
  };
}

const using = (use: (executable: Executable) => Promise<void>): Check => (on) => withExecutable(on, program(), ({ name }) => start[name], use);

const values = async (executable: Executable, name: string): Promise<number[]> => [...(await executable.read(name)).data];

const attendFeeds = { x: normal([3, 7, 64], 'x'), mask: bool([3, 9], Array.from({ length: 27 }, (_, i) => i % 2)), past: i32([2], [5, -5]) };

export const contract: Readonly<Record<string, Check>> = {
  'updates take effect together, after the outputs': using(async (executable) => {
    const { before } = await executable.run('swap', { factor: f32([], [2]) });
    expect([...before.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await values(executable, 'a')).toEqual([10, 20, 30, 40, 50, 60]);
    expect(await values(executable, 'b')).toEqual([2, 4, 6, 8, 10, 12]);
  }),

  'a variable that one function updates is seen by the others, call after call': using(async (executable) => {
    await executable.run('collect', { rows: f32([2, 3], [1, 1, 1, 2, 2, 2]) });
    const { sum } = await executable.run('collect', { rows: f32([1, 3], [10, 20, 30]) });
    expect([...sum.data]).toEqual([10, 20, 30]);
    const { a, same, twice } = await executable.run('see', {});
    expect([...a.data]).toEqual([14, 25, 36, 17, 28, 39]);
    expect([...same.data]).toEqual([...a.data]);
    expect([...twice.data]).toEqual([28, 50, 72, 34, 56, 78]);
  }),

  'results and read values belong to the caller': using(async (executable) => {
    const { a } = await executable.run('see', {});
    const read = await executable.read('a');
    a.data.fill(7);
    read.data.fill(8);
    expect(await values(executable, 'a')).toEqual([1, 2, 3, 4, 5, 6]);
    const held = await executable.read('a');
    await executable.run('swap', { factor: f32([], [2]) });
    expect([...held.data]).toEqual([1, 2, 3, 4, 5, 6]);
  }),

  'feeds and written values stay the caller’s': using(async (executable) => {
    const written = f32([2, 3], [6, 5, 4, 3, 2, 1]);
    await executable.write('a', written);
    written.data.fill(0);
    expect(await values(executable, 'a')).toEqual([6, 5, 4, 3, 2, 1]);
    await executable.run('swap', { factor: f32([], [1]) });
    expect(await values(executable, 'b')).toEqual([6, 5, 4, 3, 2, 1]);
  }),

  'the same feeds give the same bits, in this executable and the next': async (on) => {
    const results: Tensor[] = [];
    const collect = using(async (executable) => {
      for (let call = 0; call < 3; call++) results.push((await executable.run('attend', attendFeeds)).y);
    });
    await collect(on);
    await collect(on);
    for (const { data } of results) expect(data).toEqual(results[0].data);
  },

  'integers and booleans come back as they are': using(async (executable) => {
    const { seen, past } = await executable.run('attend', attendFeeds);
    expect(seen).toEqual(i32([3, 9], attendFeeds.mask.data));
    expect(past).toEqual(attendFeeds.past);
  }),

  'one executable serves every length, and none at all': using(async (executable) => {
    const weight = start.weight.data;
    for (const [batch, length, before] of [[1, 1, 0], [2, 5, 3], [4, 1, 11], [1, 1, 0]]) {
      const x = normal([batch, length, 64], `x ${batch} ${length}`);
      const { y } = await executable.run('attend', { x, mask: bool([batch, length + before]), past: i32([before]) });
      expect(y.shape).toEqual([batch, length, 48]);
      const logits = Array.from({ length: 48 }, (_, j) => Array.from({ length: 64 }, (_, i) => x.data[i] * weight[i * 48 + j]).reduce((sum, term) => sum + term));
      const largest = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - largest));
      const total = powers.reduce((sum, power) => sum + power);
      powers.forEach((power, j) => expect(y.data[j]).toBeCloseTo(power / total, 5));
    }
  }),

  'a feed that is missing, unknown, of another type or of a wrong shape is refused by name': using(async (executable) => {
    const { x, mask, past } = attendFeeds;
    await expect(executable.run('attend', { x, mask })).rejects.toThrow(/past/);
    await expect(executable.run('attend', { ...attendFeeds, extra: x })).rejects.toThrow(/extra/);
    await expect(executable.run('attend', { x: i32([3, 7, 64]), mask, past })).rejects.toThrow(/\bx\b/);
    await expect(executable.run('attend', { x: f32([3, 7, 63]), mask, past })).rejects.toThrow(/\bx\b/);
    await expect(executable.run('attend', { x: f32([3, 64]), mask, past })).rejects.toThrow(/\bx\b/);
    await expect(executable.run('attend', { x, mask: bool([2, 9]), past })).rejects.toThrow(/mask/);
    await expect(executable.run('attend', { x, mask: bool([3, 8]), past })).rejects.toThrow(/mask/);
    await expect(executable.run('nothing', {})).rejects.toThrow(/nothing/);
  }),

  'a call that throws changes no variable': using(async (executable) => {
    await expect(executable.run('swap', { factor: f32([1], [2]) })).rejects.toThrow(/factor/);
    expect(await values(executable, 'a')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await values(executable, 'b')).toEqual([10, 20, 30, 40, 50, 60]);
    await executable.run('swap', { factor: f32([], [1]) });
    expect(await values(executable, 'a')).toEqual([10, 20, 30, 40, 50, 60]);
  }),

  'a value that does not fit its variable is refused by name': using(async (executable) => {
    await expect(executable.write('a', f32([3, 2]))).rejects.toThrow(/\ba\b/);
    await expect(executable.write('a', i32([2, 3]))).rejects.toThrow(/\ba\b/);
    await expect(executable.write('nothing', f32([]))).rejects.toThrow(/nothing/);
    await expect(executable.read('nothing')).rejects.toThrow(/nothing/);
    expect(await values(executable, 'a')).toEqual([1, 2, 3, 4, 5, 6]);
  }),

  'a first value that does not fit its variable is refused by name': async (on) => {
    const wrong = withExecutable(on, program(), ({ name, shape }) => (name === 'b' ? f32([3, 2]) : f32(shape)), async () => undefined);
    await expect(wrong).rejects.toThrow(/\bb\b/);
  },

  'what a device leaves to the CPU is known once a function has run': ({ engine, device }) =>
    withExecutable({ engine, device }, program(), ({ name }) => start[name], async (executable) => {
      expect(executable.placement('attend')).toBeNull();
      await executable.run('attend', attendFeeds);
      const placement = executable.placement('attend');
      if (engine.name !== 'onnx' || device === 'cpu') return expect(placement).toBeNull();
      expect(placement?.total).toBeGreaterThan(0);
      const left = Object.values(placement!.left).reduce((sum, count) => sum + count, 0);
      expect(left).toBeLessThan(placement!.total);
      await executable.run('attend', attendFeeds);
      expect(executable.placement('attend')).toEqual(placement);
    }),

  'the bytes of the variables are known': using(async (executable) => {
    expect(executable.variableBytes).toBe(4 * (6 + 6 + 64 * 48));
  }),
};
