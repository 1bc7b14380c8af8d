import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import type { Node } from '../../src/graph/node.js';
import { heldInHalf, mixedPrecision } from '../../src/graph/precision.js';
import { makeFn, nodesOf } from '../../src/graph/program.js';
import { verify } from '../../src/graph/verify.js';

/** The rewritten graph of one output. */
function mixed(build: (g: Builder) => Node, half: 'f16' | 'bf16' = 'bf16', staysFull: (variable: string) => boolean = () => false): Node {
  const g = new Builder();
  const output = build(g);
  const rewritten = mixedPrecision(g, [output], { half, staysFull }).get(output)!;
  const variables = new Map(nodesOf(makeFn('f', { y: rewritten })).flatMap((node) => (node.kind === 'variable' ? [[node.attrs.name, { name: node.attrs.name, shape: node.shape as readonly number[], dtype: node.dtype, role: 'frozen' as const }]] : [])));
  verify({ variables: [...variables.values()], functions: { f: makeFn('f', { y: g.cast(rewritten, 'f32') }) } });
  return rewritten;
}

const x = (g: Builder): Node => g.input('x', ['N', 4]);
const weight = (g: Builder): Node => g.variable('w', [4, 4]);
const kinds = (node: Node): string[] => nodesOf(makeFn('f', { y: node })).map(({ kind, dtype }) => `${kind} ${dtype}`);

describe('mixed precision', () => {
  it('multiplies in 16 bits by a frozen weight that is held in them', () => {
    expect(kinds(mixed((g) => g.linear(x(g), weight(g), { bias: g.variable('b', [4]) })))).toEqual(['input f32', 'variable f32', 'variable bf16', 'cast bf16', 'linear bf16']);
  });

  it('casts a weight that learns where it is used', () => {
    expect(kinds(mixed((g) => g.linear(x(g), weight(g)), 'bf16', (name) => name === 'w'))).toEqual(['input f32', 'variable f32', 'cast bf16', 'cast bf16', 'linear bf16']);
  });

  it('stays in 16 bits between products, and is f32 where f32 comes in', () => {
    const between = (g: Builder): Node => g.op('silu', [g.mul(g.linear(x(g), weight(g)), 0.3)], {});
    expect(mixed(between).dtype).toBe('bf16');
    expect(mixed((g) => g.add(x(g), between(g))).dtype).toBe('f32');
    expect(mixed((g) => g.sum(between(g), [1])).dtype).toBe('f32');
    expect(kinds(mixed((g) => g.linear(between(g), weight(g)))).filter((kind) => kind.startsWith('cast'))).toEqual(['cast bf16']); // of x alone
  });

  it('does not round the numbers of the program', () => {
    const nodes = nodesOf(makeFn('f', { y: mixed((g) => g.mul(g.linear(x(g), weight(g)), 0.3)) }));
    expect(nodes.find(({ kind }) => kind === 'constant')).toMatchObject({ dtype: 'f32', attrs: { values: [0.3] } });
  });

  it('lets a mask take the type of the scores, as a number of it', () => {
    const masked = (g: Builder): Node => g.softmax(g.add(g.matmul(x(g), x(g), { transposeB: true }), g.where(g.input('seen', ['N', 'N'], 'bool'), g.constant(0), -1e9)));
    const result = mixed(masked, 'f16');
    expect(result.dtype).toBe('f16');
    const constants = nodesOf(makeFn('f', { y: result })).flatMap((node) => (node.kind === 'constant' ? node.attrs.values : []));
    expect(Math.min(...constants)).toBe(-(2 ** 15));
  });

  it('widens the rows of an embedding, not the table', () => {
    expect(kinds(mixed((g) => g.gatherRows(weight(g), g.input('ids', ['N'], 'i32'))))).toEqual(['input i32', 'variable bf16', 'gatherRows bf16', 'cast f32']);
  });

  it('holds matrices that do not learn, and nothing else, in 16 bits', () => {
    const variable = { name: 'w', shape: [4, 4], dtype: 'f32', role: 'frozen' } as const;
    expect(heldInHalf(variable, 'f16').dtype).toBe('f16');
    expect(heldInHalf({ ...variable, shape: [4] }, 'f16').dtype).toBe('f32');
    expect(heldInHalf({ ...variable, dtype: 'u8' }, 'f16').dtype).toBe('u8');
    expect(heldInHalf({ ...variable, role: 'trainable' }, 'f16').dtype).toBe('f32');
  });
});
