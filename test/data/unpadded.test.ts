import { describe, expect, it } from 'vitest';
import { batchWidth, fillRows, memoryOf, workOf, type DocumentRows } from '../../src/data/batch/unpadded.js';
import { Random } from '../../src/util/random.js';

const alone = (lengths: readonly number[]): DocumentRows => lengths.map((tokens, row) => [{ row, tokens, source: 0 }]);
const lengthsOf = (rows: DocumentRows): number[][] => rows.map((row) => row.map(({ tokens }) => tokens));
const membersOf = (rows: DocumentRows): number[] => rows.flat().map(({ row }) => row).sort((a, b) => a - b);

describe('filled rows', () => {
  it('lay short documents behind each other, beside the longest', () => {
    expect(lengthsOf(fillRows(alone([400, 60, 200, 120]), 1e-4))).toEqual([[400], [60, 200, 120]]);
  });

  it('are the given ones where documents are of one length', () => {
    const given = alone([104, 104, 104, 104]);
    expect(fillRows(given, 1e-4)).toBe(given);
  });

  it('are wider than the longest document where attention costs little, and not where it costs much', () => {
    const given = alone([300, 200, 200, 200]);
    expect(lengthsOf(fillRows(given, 1e-5))).toEqual([[300, 200, 200, 200]]);
    expect(lengthsOf(fillRows(given, 1e-2))).toEqual([[300], [200], [200], [200]]);
  });

  it('never compute more than the given ones, nor take more memory, and have the same documents', () => {
    for (let round = 0; round < 200; round++) {
      const random = new Random('filled rows', round);
      const pairs = random.below(3) === 0;
      const documents = Array.from({ length: 1 + random.below(20) }, (_, row) => ({ row, tokens: 1 + random.below(90), source: pairs ? 1 + random.below(90) : 0 }));
      const shared = 1 + random.below(3);
      const given = Array.from({ length: Math.ceil(documents.length / shared) }, (_, i) => documents.slice(i * shared, (i + 1) * shared));
      const attention = [0, 1e-3, 0.1][random.below(3)];
      const rows = fillRows(given, attention);
      expect(membersOf(rows)).toEqual(membersOf(given));
      expect(workOf(rows, attention)).toBeLessThanOrEqual(workOf(given, attention));
      expect(memoryOf(rows, attention)).toBeLessThanOrEqual(memoryOf(given, attention));
      for (const row of rows) expect(row.length).toBeGreaterThan(0);
      expect(fillRows(given, attention)).toEqual(rows);
    }
  });

  it('are nearly full for a thousand documents too', () => {
    const random = new Random('many documents');
    const lengths = Array.from({ length: 1024 }, () => Math.min(512, Math.round(150 * Math.exp(0.6 * random.normal()))));
    const tokens = lengths.reduce((sum, length) => sum + length);
    for (const attention of [1 / 600, 1 / 2304]) {
      const rows = fillRows(alone(lengths), attention);
      expect(tokens / workOf(rows, 0)).toBeGreaterThan(0.93);
    }
  });

  it('compute nearly what the documents have, of lengths like those of instructions', () => {
    let [tokens, computed, padded] = [0, 0, 0];
    for (let round = 0; round < 100; round++) {
      const random = new Random('lengths', round);
      const lengths = Array.from({ length: 8 }, () => Math.min(512, Math.round(150 * Math.exp(0.6 * random.normal()))));
      tokens += lengths.reduce((sum, length) => sum + length);
      computed += workOf(fillRows(alone(lengths), 1 / 2304), 0);
      padded += 8 * batchWidth(Math.max(...lengths));
    }
    expect(tokens / padded).toBeLessThan(0.6);
    expect(tokens / computed).toBeGreaterThan(0.93);
  });
});
