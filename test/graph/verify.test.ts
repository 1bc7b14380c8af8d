import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import type { Fn, Node, Program, Variable } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { verify } from '../../src/graph/verify.js';

const w: Variable = { name: 'w', dtype: 'f32', shape: [3, 5], role: 'trainable' };
const programOf = (fn: Fn, variables: readonly Variable[] = [w]): Program => ({ variables, functions: { [fn.name]: fn } });

describe('verify', () => {
  const g = new Builder();
  const x = g.input('x', ['B', 3]);
  const held = g.variable('w', [3, 5]);
  const y = g.linear(x, held);
  const good = makeFn('f', { y }, { w: g.mul(held, 2) });

  it('accepts what the builder makes', () => expect(() => verify(programOf(good))).not.toThrow());

  const bad: Record<string, [program: Program, sentence: string]> = {
    'an undeclared variable': [programOf(good, []), 'f: w : f32 [3, 5]: variable w is not declared'],
    'a variable declared otherwise': [programOf(good, [{ ...w, shape: [5, 3] }]), 'variable w is declared f32 [5, 3], not f32 [3, 5]'],
    'a variable declared twice': [programOf(good, [w, w]), 'two variables of the program are named w'],
    'a shape that its rule does not give': [programOf(makeFn('f', { y: { ...y, shape: ['B', 4] } as Node })), 'f: %0 = linear(x, w) : f32 [B, 4]: its rule gives f32 [B, 5]'],
    'a type that its rule does not give': [programOf(makeFn('f', { y: { ...y, dtype: 'i32' } as Node })), 'its rule gives f32 [B, 5]'],
    'inputs that its rule refuses': [programOf(makeFn('f', { y: { ...y, inputs: [held, x] } as Node })), '[3, 5] times [B, 3]'],
    'a node before its input': [programOf(makeFn('f', { y: { ...y, id: -1 } as Node })), 'comes before one of its inputs'],
    'two inputs of one name': [programOf(makeFn('f', { y: g.add(x, g.input('x', ['B', 1])) })), 'two inputs of f are named x'],
    'an input that is not listed': [programOf({ ...good, inputs: [] }), 'no input has the length B'],
    'a length that no input has': [programOf(makeFn('f', { y: g.broadcast(held, ['N', 3, 5]) })), 'no input has the length N'],
    'an update of another shape': [programOf(makeFn('f', {}, { w: y })), 'f: update w: variable w is declared f32 [3, 5], not f32 [B, 5]'],
    'an update of nothing': [programOf(makeFn('f', {}, { v: held })), 'f: update v: variable v is not declared'],
    'a function under another name': [{ variables: [w], functions: { g: good } }, 'function f is listed as g'],
    'a constant of the wrong size': [programOf(makeFn('f', { c: { ...g.constant([1, 2], [2]), shape: [3] } as Node })), '2 values for [3]'],
  };
  for (const [what, [program, sentence]] of Object.entries(bad)) {
    it(`refuses ${what}`, () => expect(() => verify(program)).toThrow(sentence));
  }
});
