import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';

describe('Builder', () => {
  it('gives the same node for the same op on the same inputs', () => {
    const g = new Builder();
    const x = g.input('x', ['B', 7]);
    expect(g.softmax(g.add(x, 1))).toBe(g.softmax(g.add(x, 1)));
    expect(g.sum(x, [0])).not.toBe(g.sum(x, [1]));
  });

  it('keeps constants apart that JSON does not', () => {
    const g = new Builder();
    const values = [0, -0, Infinity, -Infinity, NaN];
    expect(new Set(values.map((value) => g.constant(value))).size).toBe(values.length);
  });

  it('names the op and the shapes where they do not fit', () => {
    const g = new Builder();
    expect(() => g.linear(g.input('x', ['B', 'T', 7]), g.variable('w', [5, 3]))).toThrow('linear: [B, T, 7] times [5, 3]');
    expect(() => g.add(g.input('x', ['B', 7]), g.input('y', ['T', 7]))).toThrow('add: [B, 7] and [T, 7] do not broadcast');
    expect(() => g.reshape(g.input('x', ['B', 7]), ['B', 8])).toThrow('reshape: [B, 7] has not the elements of [B, 8]');
    expect(() => g.div(g.input('i', [3], 'i32'), g.input('j', [3], 'i32'))).toThrow('div: real numbers wanted, i32 given');
    expect(() => g.constant([1, 2], [3])).toThrow('constant of shape [3] given 2 values');
  });

  it('makes nodes that nothing can change', () => {
    const node = new Builder().input('x', [3]);
    expect(Object.isFrozen(node) && Object.isFrozen(node.attrs) && Object.isFrozen(node.inputs)).toBe(true);
  });
});
