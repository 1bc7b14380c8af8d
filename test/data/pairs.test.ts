/** Rows of a source and its target, and of a prompt and its answer: how they are made, cut, laid out and batched. */
import { describe, expect, it } from 'vitest';
import { collate } from '../../src/data/batch/collate.js';
import { cutPairs } from '../../src/data/encode/cut.js';
import { asPromptAndAnswer, asSourceAndTarget } from '../../src/data/template/shapes.js';
import { answerPlaces, promptAndAnswer, sourceAndTarget } from '../../src/data/batch/layout.js';
import { evalBatches, largestEvalBatch, Loader } from '../../src/data/batch/loader.js';
import { HeldTokens, kept } from '../../src/data/codes.js';
import { StoredRows } from '../../src/data/stored-rows.js';
import type { Example } from '../../src/data/template/example.js';
import { heldRows } from './held-rows.js';

const dialogue: Example = {
  pieces: [
    { mark: 'prefix', trained: false }, { text: 'Hi.', trained: false }, { text: 'Hello.', trained: true }, { mark: 'end', trained: true },
    { text: 'Colour?', trained: false }, { text: 'Red', trained: true }, { mark: 'end', trained: true },
  ],
  joined: false,
};

describe('a dialogue', () => {
  it('as a source and its target: the last answer, each between the marks of a text', () => {
    expect(asSourceAndTarget(dialogue).pieces).toEqual([
      { mark: 'prefix', trained: false }, { text: 'Hi.', trained: false }, { text: 'Hello.', trained: false }, { text: 'Colour?', trained: false }, { mark: 'suffix', trained: false },
      { mark: 'prefix', trained: true }, { text: 'Red', trained: true }, { mark: 'suffix', trained: true },
    ]);
  });

  it('as a prompt and its answer: what the tokenizer puts after a text stands between them', () => {
    expect(asPromptAndAnswer(dialogue).pieces).toEqual([
      { text: 'Hi.Hello.Colour?', trained: false }, { mark: 'suffix', trained: false },
      { text: 'Red', trained: true }, { mark: 'end', trained: true },
    ]);
  });
});

describe('a pair that is too long', () => {
  const cut = (source: number, target: number, maxLength: number) => {
    const codes = Int32Array.from({ length: source + target }, (_, t) => kept(t, t >= source));
    const documents = {
      tokens: new HeldTokens(codes), starts: Float64Array.of(0, codes.length), labelCounts: Uint32Array.of(target), fileOf: Uint32Array.of(0), lineOf: Uint32Array.of(1),
      files: ['pairs'], rejected: [], rejectedCount: 0, read: 1, dropped: {}, factors: null, weights: null,
    };
    const { windows, cutRows } = cutPairs(documents, maxLength);
    const rows = new StoredRows(documents.tokens, windows, documents);
    return { ids: [...rows.tokens(0)], labels: rows.labelCount(0), fullLength: rows.fullLength(0), cutRows };
  };

  it('loses the end of its source but for the closing token, and the end of its target', () => {
    expect(cut(6, 3, 4)).toEqual({ ids: [0, 1, 2, 5, 6, 7, 8], labels: 3, fullLength: 6, cutRows: 1 });
    expect(cut(3, 6, 4)).toEqual({ ids: [0, 1, 2, 3, 4, 5, 6], labels: 4, fullLength: 6, cutRows: 1 });
    expect(cut(4, 4, 4)).toEqual({ ids: [0, 1, 2, 3, 4, 5, 6, 7], labels: 4, fullLength: 4, cutRows: 0 });
  });
});

describe('a batch', () => {
  const rows = heldRows([{ ids: [11, 12, 13, 21, 22], learned: 3 }, { ids: [14, 23, 24, 25], learned: 1 }]);

  it('of pairs: sources on their side, targets shifted behind the start token on theirs', () => {
    const layout = sourceAndTarget(2);
    expect(layout(rows, 0, [])).toEqual({ source: Int32Array.of(11, 12, 13), ids: Int32Array.of(2, 21), at: [0, 1], labels: [21, 22], from: [3, 4] });
    const { inputs, tokenCount } = collate(rows, [[0, 1]], { padId: 1, layout });
    expect(Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, [...data]]))).toEqual({
      input_ids: [2, 21, 2, 23, 24, 1, 1, 1], positions: [0, 1, 0, 1, 2, 0, 0, 0], segments: [1, 1, 2, 2, 2, 0, 0, 0],
      label_rows: [0, 1, 2, 3, 4], labels: [21, 22, 23, 24, 25],
      source_ids: [11, 12, 13, 14, 1, 1, 1, 1], source_positions: [0, 1, 2, 0, 0, 0, 0, 0], source_segments: [1, 1, 1, 2, 0, 0, 0, 0],
    });
    expect(tokenCount).toBe(9);
  });

  it('of prompts and answers: places from 1 where the answer starts, padding apart', () => {
    const { blocks, segments } = collate(heldRows([{ ids: [7, 8, 4, 9, 10], learned: 3 }, { ids: [4, 9], learned: 1 }]), [[0, 1]], { padId: 0, layout: promptAndAnswer(4) }).inputs;
    expect([...blocks!.data]).toEqual([0, 0, 1, 2, 3, 1, 2, 0]);
    expect([...segments.data]).toEqual([1, 1, 1, 1, 1, 2, 2, 0]);
    expect([...answerPlaces(Int32Array.of(7, 8), 4)]).toEqual([0, 0]);
  });

  it('is never larger than is said before', () => {
    const long = heldRows(Array.from({ length: 9 }, (_, i) => ({ ids: Array.from({ length: 30 }, (_id, t) => t), learned: 3 * i + 1 })));
    const options = { padId: 0, layout: sourceAndTarget(2), pairs: true };
    const loader = new Loader({ rows: long, batchSize: 2, accumulation: 1, seed: 1, shuffle: true, groupByLength: false, packing: false, maxLength: 30, ...options });
    expect(loader.survey(5).largest).toEqual({ B: 2, T: 32, N: 29 + 26, S: 32 });
    const largest = largestEvalBatch(long, { batchSize: 3, maxLabels: 60, pairs: true });
    for (const { inputs } of evalBatches(long, { batchSize: 3, maxLabels: 60, ...options })) {
      expect(inputs.source_ids!.shape[1]).toBeLessThanOrEqual(largest.S!);
      expect(inputs.input_ids.shape[1]).toBeLessThanOrEqual(largest.T);
      expect(inputs.labels.shape[0]).toBeLessThanOrEqual(largest.N);
    }
  });
});
