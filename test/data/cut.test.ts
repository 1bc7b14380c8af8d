/** Documents that are longer than a row: what is kept of a very long one. */
import { expect, it } from 'vitest';
import { cutDocuments } from '../../src/data/encode/cut.js';
import { HeldTokens, kept } from '../../src/data/codes.js';
import { StoredRows } from '../../src/data/stored-rows.js';

function cut(prompt: number, answer: number, maxLength: number): { ids: Int32Array; labels: number } {
  const codes = Int32Array.from({ length: prompt + answer }, (_, t) => kept(t, t >= prompt));
  const documents = {
    tokens: new HeldTokens(codes), starts: Float64Array.of(0, codes.length), labelCounts: Uint32Array.of(answer), fileOf: Uint32Array.of(0), lineOf: Uint32Array.of(1),
    files: ['rows'], rejected: [], rejectedCount: 0, read: 1, dropped: {}, factors: null, weights: null,
  };
  const rows = new StoredRows(documents.tokens, cutDocuments(documents, maxLength).windows, documents);
  return { ids: rows.tokens(0), labels: rows.labelCount(0) };
}

it('a prompt loses its middle, and every token of the answer is still a label', () => {
  expect(cut(8, 2, 5)).toEqual({ ids: Int32Array.of(0, 1, 7, 8, 9), labels: 2 });
});

it('a text that is all learned loses its end, and its first token is no label', () => {
  expect(cut(0, 6, 4)).toEqual({ ids: Int32Array.of(0, 1, 2, 3), labels: 3 });
});

it('a row may have as many tokens as a call has no room for arguments', () => {
  const maxLength = 1 << 17;
  const { ids, labels } = cut(2 * maxLength, 5, maxLength);
  expect([ids.length, ids[0], ids.at(-1), labels]).toEqual([maxLength, 0, 2 * maxLength + 4, 5]);
  expect(cut(0, maxLength + 1, maxLength).labels).toBe(maxLength - 1);
});
