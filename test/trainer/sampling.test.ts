import { describe, expect, it } from 'vitest';
import { greedy, nextToken } from '../../src/trainer/generate/sampling.js';
import { Random } from '../../src/util/random.js';

const logits = Float32Array.from([1, 3, 2, -1]);

function shares(options: { temperature: number; topK: number; topP: number }, draws = 20_000): number[] {
  const random = new Random('shares');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < draws; i++) counts[nextToken(logits, options, random)]++;
  return counts.map((count) => count / draws);
}

describe('nextToken', () => {
  it('takes the likeliest token when greedy', () => {
    expect(nextToken(logits, greedy, new Random(1))).toBe(1);
  });

  it('draws by softmax(logits / temperature)', () => {
    const weights = [...logits].map((value) => Math.exp(value / 2));
    const total = weights.reduce((a, b) => a + b);
    shares({ temperature: 2, topK: 0, topP: 1 }).forEach((share, id) => expect(share).toBeCloseTo(weights[id] / total, 1));
  });

  it('draws among the top k only', () => {
    const drawn = shares({ temperature: 1, topK: 2, topP: 1 });
    expect(drawn[0] + drawn[3]).toBe(0);
    expect(drawn[1]).toBeGreaterThan(drawn[2]);
  });

  it('keeps the smallest head that reaches top-p, and at least one token', () => {
    // Softmax: 0.0889, 0.6572, 0.2418, 0.0120
    expect(shares({ temperature: 1, topK: 0, topP: 0.1 })).toEqual([0, 1, 0, 0]);
    const drawn = shares({ temperature: 1, topK: 0, topP: 0.8 });
    expect(drawn[0] + drawn[3]).toBe(0);
    expect(drawn[2]).toBeGreaterThan(0);
  });

  it('gives the same tokens for the same seed', () => {
    const draw = () => {
      const random = new Random('again');
      return Array.from({ length: 20 }, () => nextToken(logits, { temperature: 1, topK: 0, topP: 1 }, random));
    };
    expect(draw()).toEqual(draw());
  });
});
