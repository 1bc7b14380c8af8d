import { describe, expect, test } from 'vitest';
import { lowerFn } from '../../../src/engine/onnx/model.js';
import { ordered } from '../../../src/engine/onnx/order.js';
import type { NodeProto } from '../../../src/engine/onnx/proto.js';
import { Builder } from '../../../src/graph/builder.js';
import { gradient } from '../../../src/graph/gradient.js';
import type { Node } from '../../../src/graph/node.js';
import { makeFn } from '../../../src/graph/program.js';

const nodesOf = (outputs: Record<string, Node>): readonly NodeProto[] => lowerFn(makeFn('f', outputs), 'cpu', () => null).model.graph.node;
const count = (nodes: readonly NodeProto[], opType: string): number => nodes.filter((node) => node.opType === opType).length;

describe('lowering', () => {
  test('the loss and its gradient share the logits and their softmax', () => {
    const g = new Builder();
    const x = g.input('x', ['N', 8]);
    const head = g.variable('head', [50, 8]);
    const loss = g.sum(g.op('linearCrossEntropy', [x, head, g.input('labels', ['N'], 'i32')], {}), [0]);
    const nodes = nodesOf({ loss, dx: gradient(g, loss, [x]).get(x)! });
    expect(count(nodes, 'Softmax')).toBe(1);
    expect(count(nodes, 'Gemm')).toBe(2); // logits, and the gradient through them
  });

  test('a transposed key is transposed once', () => {
    const g = new Builder();
    const heads = (name: string): Node => g.transpose(g.input(name, ['B', 'T', 2, 4]), [0, 2, 1, 3]); // [B,T,H,D] → [B,H,T,D]
    const nodes = nodesOf({ scores: g.matmul(heads('query'), heads('key'), { transposeB: true }) });
    expect(nodes.filter(({ opType }) => opType === 'Transpose').map(({ attribute }) => attribute[0].ints)).toEqual([[0, 2, 1, 3], [0, 2, 3, 1]]);
  });

  test('a reshape computes no shape where 0 and −1 say it', () => {
    const g = new Builder();
    const x = g.input('x', ['B', 'T', 12]);
    expect(count(nodesOf({ heads: g.reshape(x, ['B', 'T', 3, 4]), rows: g.reshape(x, ['B*T', 12]) }), 'Shape')).toBe(0);
    expect(count(nodesOf({ split: g.reshape(g.reshape(x, ['B*T', 12]), ['B', 'T', 12]) }), 'Shape')).toBe(2);
  });

  test('rows that are scattered and added to a table are added to it at once', () => {
    const g = new Builder();
    const scattered = g.op('scatterRows', [g.input('rows', ['N'], 'i32'), g.input('x', ['N', 4])], { rows: 6 });
    const nodes = nodesOf({ table: g.add(g.input('table', [6, 4]), scattered) });
    expect([count(nodes, 'ScatterElements'), count(nodes, 'Add')]).toEqual([1, 0]);
    expect(nodes.find(({ opType }) => opType === 'ScatterElements')!.input[0]).toBe('feed/table');
    const stretched = nodesOf({ table: g.add(g.input('row', [4]), scattered) });
    expect(count(stretched, 'Add')).toBe(1);
  });

  test('a symbol that no input shows is an error that names it', () => {
    const g = new Builder();
    expect(() => nodesOf({ zeros: g.broadcast(g.input('x', []), ['Q']) })).toThrow(/symbol Q/);
  });
});

describe('order', () => {
  const node = (output: string, ...input: string[]): NodeProto => ({ name: output, opType: 'Add', domain: '', input, output: [output], attribute: [] });
  // forward a → b → loss; backward c → d; dB and dA are gradients that nothing uses
  const nodes = [node('a', 'x'), node('b', 'a'), node('loss', 'b'), node('c', 'b'), node('dead', 'c'), node('dB', 'c', 'a'), node('d', 'c'), node('dA', 'd', 'x')];

  test('leaves stand at the end, the first to be wanted last', () => {
    expect(ordered(nodes, ['loss', 'dA', 'dB']).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'dA', 'dB', 'loss']);
  });

  test('what no output needs is not there', () => {
    expect(ordered(nodes, ['dB']).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'dB']);
  });
});
