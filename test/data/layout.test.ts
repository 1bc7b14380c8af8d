import { describe, expect, it } from 'vitest';
import { classOfText, maskedTokens, nextToken } from '../../src/data/batch/layout.js';
import { type EncodedRows, ignoredLabel } from '../../src/data/rows.js';

const rows = (tokens: readonly number[], trained: readonly number[]): EncodedRows => ({
  length: 1,
  tokens: () => Int32Array.from(tokens),
  labels: () => Int32Array.from(tokens, (id, t) => (trained[t] ? id : ignoredLabel)),
  weights: () => null,
  factor: () => null, ahead: () => undefined,
  setName: () => null,
  tokenCount: () => tokens.length,
  labelCount: () => trained.slice(1).reduce((sum, one) => sum + one, 0),
  fullLength: () => tokens.length,
  place: () => ({ file: 'rows.jsonl', line: 1, last_line: 1 }),
  totalTokens: tokens.length,
  totalLabels: trained.length,
});

describe('what a row has to say', () => {
  it('each token after the one before', () => {
    expect(nextToken(rows([5, 6, 7, 8], [0, 0, 1, 1]), 0, [])).toEqual({ ids: Int32Array.of(5, 6, 7, 8), at: [1, 2], labels: [7, 8], from: [2, 3] });
  });

  it('its class, at the first token', () => {
    expect(classOfText(rows([101, 6, 102, 1], [0, 0, 0, 1]), 0, [])).toEqual({ ids: Int32Array.of(101, 6, 102), at: [0], labels: [1], from: [3] });
  });

  const words = Array.from({ length: 4000 }, (_, i) => 10 + (i % 50));
  const text = rows([1, ...words, 2], new Array<number>(4002).fill(1));
  const masking = { probability: 0.15, maskId: 3, vocabSize: 60, seed: 7, isSpecial: (id: number) => id < 5 };
  const masked = maskedTokens(masking);

  it('its masked words: 80 % read as the mask, 10 % as any, 10 % as they are, and never a special token', () => {
    const { ids, at, labels } = masked(text, 0, ['epoch', 0]);
    expect(at.length / 4000).toBeCloseTo(0.15, 1);
    expect(labels).toEqual(at.map((t) => text.tokens(0)[t]));
    expect(at.every((t) => t > 0 && t <= 4000)).toBe(true);
    expect(at.filter((t) => ids[t] === 3).length / at.length).toBeCloseTo(0.8, 1);
    expect(at.filter((t) => ids[t] !== 3 && ids[t] !== text.tokens(0)[t]).length / at.length).toBeCloseTo(0.1, 1);
    expect([...ids].filter((id, t) => id !== text.tokens(0)[t] && !at.includes(t))).toEqual([]);
  });

  it('others in the next pass, the same when a pass is made again', () => {
    expect(masked(text, 0, ['epoch', 0])).toEqual(masked(text, 0, ['epoch', 0]));
    expect(masked(text, 0, ['epoch', 1]).at).not.toEqual(masked(text, 0, ['epoch', 0]).at);
    expect(maskedTokens({ ...masking, seed: 8 })(text, 0, ['epoch', 0]).at).not.toEqual(masked(text, 0, ['epoch', 0]).at);
  });

  it('none that is not to be learned', () => {
    for (let pass = 0; pass < 20; pass++) expect(masked(rows([1, 20, 21, 22, 2], [1, 0, 1, 0, 1]), 0, [pass]).at).toEqual([2]);
  });

  it('at least one word, however short the text', () => {
    for (let pass = 0; pass < 20; pass++) expect(masked(rows([1, 20, 21, 2], [1, 1, 1, 1]), 0, [pass]).at.length).toBeGreaterThan(0);
    expect(masked(rows([1, 2], [1, 1]), 0, [])).toEqual({ ids: Int32Array.of(1, 2), at: [], labels: [], from: [] });
  });
});
