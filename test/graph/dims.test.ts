import { describe, expect, it } from 'vitest';
import { addDims, bindShape, evaluateDim, mulDims, sizeDim, symbolsOf, termsOf, type Dim } from '../../src/graph/dims.js';
import { Random } from '../../src/util/random.js';

const symbols = ['B', 'N', 'P', 'T'];
const bindings = { B: 3, N: 5, P: 7, T: 11 };

/** A random sum of products of symbols and numbers. */
function polynomial(random: Random): Dim {
  let sum: Dim = random.below(4);
  for (let term = random.below(4); term > 0; term--) {
    const factors: Dim[] = Array.from({ length: 1 + random.below(3) }, () => (random.below(3) === 0 ? 1 + random.below(5) : symbols[random.below(symbols.length)]));
    sum = addDims(sum, mulDims(...factors));
  }
  return sum;
}

const random = new Random('dims');
const triples = Array.from({ length: 300 }, () => [polynomial(random), polynomial(random), polynomial(random)] as const);

describe('dimensions', () => {
  it('add and multiply like the numbers they stand for', () => {
    for (const [a, b] of triples) {
      const [x, y] = [evaluateDim(a, bindings), evaluateDim(b, bindings)];
      expect(evaluateDim(addDims(a, b), bindings), `${a} + ${b}`).toBe(x + y);
      expect(evaluateDim(mulDims(a, b), bindings), `${a} · ${b}`).toBe(x * y);
    }
  });

  it('have one text each: the laws of a ring hold as ===', () => {
    for (const [a, b, c] of triples) {
      expect(addDims(a, b)).toBe(addDims(b, a));
      expect(mulDims(a, b)).toBe(mulDims(b, a));
      expect(addDims(a, addDims(b, c))).toBe(addDims(addDims(a, b), c));
      expect(mulDims(a, mulDims(b, c))).toBe(mulDims(mulDims(a, b), c));
      expect(mulDims(a, addDims(b, c))).toBe(addDims(mulDims(a, b), mulDims(a, c)));
      expect(addDims(a, mulDims(-1, a))).toBe(0);
      expect(mulDims(a, 1)).toBe(a);
    }
  });

  it('come back from their terms', () => {
    for (const [a] of triples) {
      const again = termsOf(a).reduce<Dim>((sum, [coefficient, factors]) => addDims(sum, mulDims(coefficient, ...factors)), 0);
      expect(again).toBe(a);
    }
  });

  it('read as people write them', () => {
    expect(sizeDim(['T', 4, 'B'])).toBe('4*B*T');
    expect(addDims('T', 'P')).toBe('P+T');
    expect(sizeDim([2, 3])).toBe(6);
    expect(symbolsOf('4*B*T+P')).toEqual(['B', 'T', 'P']);
  });
});

describe('bindShape', () => {
  it('learns symbols and checks what it can', () => {
    const bound: Record<string, number> = { P: 2 };
    bindShape(['B', 'T', 'P+T', 7], [3, 5, 7, 7], bound);
    expect(bound).toEqual({ P: 2, B: 3, T: 5 });
  });

  it('refuses a contradiction with both shapes in words', () => {
    expect(() => bindShape(['B', 'B'], [3, 5], {})).toThrow('shape [3, 5] where [B, B] is wanted');
    expect(() => bindShape(['T', 'P+T'], [5, 6], { P: 2 })).toThrow('shape [5, 6] where [T, P+T] is wanted');
    expect(() => bindShape(['B', 7], [3], {})).toThrow('rank 1 where [B, 7] is wanted');
  });
});
