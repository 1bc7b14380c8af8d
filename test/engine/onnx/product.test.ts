/** Products with large weights of 16 bits, which are widened a stretch of rows at a time. */
import { afterEach, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnxEngine } from '../../../src/engine/onnx/index.js';
import { lowerFn } from '../../../src/engine/onnx/model.js';
import { Builder } from '../../../src/graph/builder.js';
import { gradient } from '../../../src/graph/gradient.js';
import type { Fn, Node } from '../../../src/graph/node.js';
import { makeFn } from '../../../src/graph/program.js';
import { stretches } from '../../../src/graph/widening.js';
import type { Half } from '../../../src/util/half.js';
import { Random } from '../../../src/util/random.js';
import { f32, half, i32, numbersOf, type Tensor } from '../../../src/util/tensor.js';

const rows = 5000;
const columns = 901; // 4.5 million elements: two stretches
const scratch: string[] = [];
afterEach(async () => {
  for (const folder of scratch.splice(0)) await rm(folder, { recursive: true });
});

const random = new Random('product');
const drawn = (...shape: number[]): Tensor<'f32'> => f32(shape, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal() / 8));
const weight = drawn(rows, columns);
const [short, long] = [drawn(3, columns), drawn(3, rows)];
const bias = { [columns]: drawn(columns), [rows]: drawn(rows) };

async function computed(fn: Fn, values: Readonly<Record<string, Tensor>>, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const folder = await mkdtemp(join(tmpdir(), 'workbench-product-'));
  scratch.push(folder);
  const variables = Object.entries(values).map(([name, { dtype, shape }]) => ({ name, dtype, shape, role: 'frozen' as const }));
  const executable = await onnxEngine.compile({ variables, functions: { f: fn } }, { device: 'cpu', threads: 2, scratch: folder, initial: ({ name }) => values[name] });
  try {
    return await executable.run('f', feeds);
  } finally {
    await executable.dispose();
  }
}

function largestDifference(found: Tensor, expected: Tensor): number {
  const values = numbersOf(expected);
  return Math.max(...Array.from(numbersOf(found), (value, i) => Math.abs(value - values[i])));
}

describe.each([['f16', 2 ** -10], ['bf16', 2 ** -7]] as const)('in %s', (type: Half, step) => {
  const held = half(type, weight.shape, weight.data);
  const widened = f32(weight.shape, numbersOf(held));
  const rounded = (x: Tensor<'f32'>): Tensor<'f32'> => f32(x.shape, numbersOf(half(type, x.shape, x.data)));

  it.each([true, false])('a product with all of its rows is that of the widened weight, rounded once (transposed: %s)', async (transposeW) => {
    const x = rounded(transposeW ? short : long);
    const added = bias[transposeW ? rows : columns];
    const product = (weightType: 'f32' | Half): Fn => {
      const g = new Builder();
      const y = g.linear(g.cast(g.input('x', ['N', x.shape[1]]), weightType), g.variable('w', [rows, columns], weightType), { bias: g.variable('b', added.shape), transposeW });
      return makeFn('f', { y: g.cast(y, 'f32') });
    };
    const { y } = await computed(product(type), { w: held, b: added }, { x });
    const { y: expected } = await computed(product('f32'), { w: widened, b: added }, { x });
    const scale = Math.max(...numbersOf(expected).map(Math.abs));
    expect(y.shape).toEqual(expected.shape);
    expect(largestDifference(y, expected)).toBeLessThan(0.51 * step * scale);
  });

  it('the loss of a large vocabulary and its gradient are those in f32, and its logits are computed once', async () => {
    const labels = i32([3], [0, 2499, 4999]);
    const build = (weightType: 'f32' | Half): Fn => {
      const g = new Builder();
      const x = g.input('x', ['N', columns]);
      const losses = g.op('linearCrossEntropy', [g.cast(x, weightType), g.variable('w', [rows, columns], weightType), g.input('labels', ['N'], 'i32')], {});
      const loss: Node = g.sum(losses, [0]);
      return makeFn('f', { losses, dx: gradient(g, loss, [x]).get(x)! });
    };
    const found = await computed(build(type), { w: held }, { x: rounded(short), labels });
    const expected = await computed(build('f32'), { w: widened }, { x: rounded(short), labels });
    expect(largestDifference(found.losses, expected.losses)).toBeLessThan(8 * step);
    expect(largestDifference(found.dx, expected.dx)).toBeLessThan(2 * step);
    const { model: { graph } } = lowerFn(build(type), 'cpu', () => null);
    const products = graph.node.filter(({ opType }) => opType === 'Gemm').length;
    expect(products).toBe(2 * stretches({ kind: 'variable', dtype: type, shape: [rows, columns] })!.length);
  });
});

it('only large matrices of 16 bits that are held are cut, into stretches of about one length', () => {
  const of = (shape: number[], dtype: 'f32' | Half = 'bf16', kind: 'variable' | 'input' = 'variable') => stretches({ kind, dtype, shape });
  expect([of([2048, 2048]), of([rows, columns], 'f32'), of([rows, columns], 'f16', 'input'), of([5_000_000])]).toEqual([null, null, null, null]);
  expect(of([rows, columns])).toEqual([{ start: 0, end: 2500 }, { start: 2500, end: 5000 }]);
  const cut = of([50_257, 768])!;
  expect([cut.length, cut[0], cut.at(-1)]).toEqual([10, { start: 0, end: 5026 }, { start: 45_234, end: 50_257 }]);
});
