/** The judge judged: ops and gradients of the reference engine against PyTorch's, in double precision. */
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/engine/reference/evaluate.js';
import type { Value } from '../../src/engine/reference/value.js';
import { Builder } from '../../src/graph/builder.js';
import { gradient } from '../../src/graph/gradient.js';
import type { Attributes, Node } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import type { DerivedKind } from '../../src/graph/shapes.js';
import golden from './reference.golden.json' with { type: 'json' };

type Row = (typeof golden.rows)[number];
interface Listed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** The golden file's ops, by name; its attributes are those the op declares. */
function apply(g: Builder, row: Row, operands: readonly Node[]): Node {
  return g.op(row.kind as DerivedKind, operands, row.attrs as Attributes[DerivedKind]) as Node;
}

const doubles = ({ shape, data }: Listed): Value => ({ shape, data: Float64Array.from(data) });
const integers = ({ shape, data }: Listed): Value => ({ shape, data: Int32Array.from(data) });

describe('reference engine', () => {
  it.each(golden.rows)('$kind $attrs is as in PyTorch, and its gradients are', (row) => {
    const g = new Builder();
    const real = row.real.map(({ shape }, i) => g.input(`real${i}`, shape));
    const whole = row.integers.map(({ shape }, i) => g.input(`integer${i}`, shape, 'i32'));
    const value = apply(g, row, [...real, ...whole]);
    const loss = g.sum(g.mul(value, g.input('weights', value.shape)), value.shape.map((_, axis) => axis));
    const gradients = gradient(g, loss, real);
    const fn = makeFn('golden', { value, ...Object.fromEntries(real.map((node) => [node.attrs.name, gradients.get(node)!])) });

    const inputs = new Map<string, Value>([
      ...row.real.map((tensor, i) => [`real${i}`, doubles(tensor)] as const),
      ...row.integers.map((tensor, i) => [`integer${i}`, integers(tensor)] as const),
      ['weights', doubles(row.weights)],
    ]);
    const valueOf = evaluate(fn, { bindings: {}, inputs, variables: new Map(), precision: 'f64' });
    expectClose(valueOf(fn.outputs.value), row.value);
    row.gradients.forEach((expected, i) => expectClose(valueOf(fn.outputs[`real${i}`]), expected));
  });

  it('refuses a row that a table does not have', () => {
    const g = new Builder();
    const fn = makeFn('pick', { row: g.gatherRows(g.input('table', [3, 2]), g.input('rows', [1], 'i32')) });
    for (const row of [-1, 3]) {
      const inputs = new Map<string, Value>([
        ['table', { shape: [3, 2], data: new Float64Array(6) }],
        ['rows', { shape: [1], data: Int32Array.of(row) }],
      ]);
      expect(() => evaluate(fn, { bindings: {}, inputs, variables: new Map(), precision: 'f64' })).toThrow(`row ${row} of a table with 3 rows`);
    }
  });
});

function expectClose(actual: Value, expected: Listed): void {
  expect(actual.shape).toEqual(expected.shape);
  expected.data.forEach((value, i) => expect(Math.abs(actual.data[i] - value)).toBeLessThan(1e-10));
}
