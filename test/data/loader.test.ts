import { describe, expect, test } from 'vitest';
import { type Batch, collate } from '../../src/data/batch/collate.js';
import { evalBatches, largestEvalBatch, Loader, type LoaderOptions, type LoaderPosition } from '../../src/data/batch/loader.js';
import { packFirstFit } from '../../src/data/batch/pack.js';
import type { EncodedRows } from '../../src/data/rows.js';
import { Random } from '../../src/util/random.js';
import { heldRows } from './held-rows.js';

/** Rows of 2 to 20 tokens, none of them like another: row i holds i·100, i·100 + 1, …; about half are learned. */
function makeRows(count: number, seed: number): EncodedRows {
  const random = new Random('rows', seed);
  return heldRows(Array.from({ length: count }, (_, i) => {
    const length = 2 + random.below(19);
    const ids = Array.from({ length }, (_, t) => i * 100 + t);
    return { ids, learned: ids.map((_, t) => t === length - 1 || random.below(2) === 1) };
  }));
}

function options(rows: EncodedRows, random: Random): LoaderOptions {
  return {
    rows,
    batchSize: 1 + random.below(5),
    accumulation: 1 + random.below(4),
    seed: random.below(1000),
    shuffle: random.below(4) > 0,
    groupByLength: random.below(2) > 0,
    packing: random.below(2) > 0,
    maxLength: 24 + random.below(40),
    padId: -7,
    attention: [null, 0, 0.01][random.below(3)],
  };
}

/** The rows of a batch, read back from it: tokens, and which token each label row predicts. */
function unpack({ inputs, labelCount, labelOwners }: Batch): { tokens: number[]; predicted: Map<number, number> }[] {
  const [, width] = inputs.input_ids.shape;
  const found = new Map<string, { tokens: number[]; predicted: Map<number, number> }>();
  const keyOf = (at: number) => `${Math.floor(at / width)} ${inputs.segments.data[at]}`;
  inputs.segments.data.forEach((segment, at) => {
    if (segment === 0) {
      expect([inputs.input_ids.data[at], inputs.positions.data[at]]).toEqual([-7, 0]);
      return;
    }
    if (inputs.positions.data[at] === 0) found.set(keyOf(at), { tokens: [], predicted: new Map() });
    const row = found.get(keyOf(at))!;
    expect(inputs.positions.data[at]).toBe(row.tokens.length);
    row.tokens.push(inputs.input_ids.data[at]);
  });
  expect(inputs.labels.data.length).toBe(labelCount);
  expect(labelOwners.length).toBe(labelCount);
  inputs.label_rows.data.forEach((at, n) => {
    const { tokens, predicted } = found.get(keyOf(at))!;
    predicted.set(inputs.positions.data[at], inputs.labels.data[n]);
    expect(tokens[0]).toBe(100 * labelOwners[n]);
  });
  return [...found.values()];
}

const rounds = Array.from({ length: 30 }, (_, round) => round);

describe('a loader with random settings', () => {
  test('gives every row once an epoch, with its own tokens and labels', () => {
    for (const round of rounds) {
      const random = new Random('cover', round);
      const rows = makeRows(1 + random.below(60), round);
      const loader = new Loader(options(rows, random));
      for (const epoch of [0, 1]) {
        const updates = Array.from({ length: loader.updatesPerEpoch }, () => loader.next());
        expect(updates.every((update) => update.epoch === epoch)).toBe(true);
        const seen = updates.flatMap((update) => update.microBatches.flatMap(unpack)).sort((a, b) => a.tokens[0] - b.tokens[0]);
        expect(seen.map(({ tokens }) => tokens)).toEqual(Array.from({ length: rows.length }, (_, i) => [...rows.tokens(i)]));
        for (const [i, { tokens, predicted }] of seen.entries()) {
          // position t predicts token t + 1, where that is learned
          const labels = tokens.flatMap((_, t) => (t > 0 && rows.labels(i)[t] !== -100 ? [[t - 1, tokens[t]]] : []));
          expect([...predicted]).toEqual(labels);
        }
      }
      expect(loader.position).toEqual({ epoch: 2, index: 0 });
    }
  });

  test('goes on from any saved position with the same batches', () => {
    for (const round of rounds) {
      const random = new Random('resume', round);
      const rows = makeRows(5 + random.below(40), round);
      const settings = options(rows, random);
      const whole = new Loader(settings);
      const stop = random.below(3 * whole.updatesPerEpoch);
      for (let update = 0; update < stop; update++) whole.next();
      const position = JSON.parse(JSON.stringify(whole.position)) as LoaderPosition;
      const resumed = new Loader({ ...settings, position });
      for (let update = 0; update < whole.updatesPerEpoch + 1; update++) expect(resumed.next()).toEqual(whole.next());
    }
  });
});

test('the rows of the next update are asked for ahead, each once', () => {
  for (const round of rounds.slice(0, 10)) {
    const asked: number[] = [];
    const rows = makeRows(1 + new Random('ahead', round).below(60), round);
    rows.ahead = (row) => void asked.push(row);
    const loader = new Loader(options(rows, new Random('ahead', 'options', round)));
    for (let update = 0; update < loader.updatesPerEpoch; update++) {
      const expected = asked.splice(0);
      const read = loader.next().microBatches.flatMap((batch) => batch.rows);
      if (update > 0) expect(read.sort()).toEqual(expected.sort());
    }
    expect(asked).toEqual([]);
  }
});

test('updates are counted as in Transformers', () => {
  const rows = makeRows(21, 1);
  const base = { rows, seed: 1, shuffle: true, groupByLength: false, packing: false, maxLength: 64, padId: 0 };
  const loader = new Loader({ ...base, batchSize: 4, accumulation: 4 });
  expect(loader.updatesPerEpoch).toBe(2); // ceil(ceil(21 / 4) / 4)
  expect(loader.next().microBatches.map(({ rows }) => rows.length)).toEqual([4, 4, 4, 4]);
  expect(loader.next().microBatches.map(({ rows }) => rows.length)).toEqual([4, 1]);
});

test('the order changes with the epoch and the seed, and not without shuffle', () => {
  const first = (seed: number, shuffle: boolean, epoch: number) =>
    new Loader({ rows: makeRows(40, 1), batchSize: 40, accumulation: 1, seed, shuffle, groupByLength: false, packing: false, maxLength: 64, padId: 0, position: { epoch, index: 0 } }).next().microBatches[0].inputs.input_ids.data;
  expect(first(1, true, 0)).toEqual(first(1, true, 0));
  expect(first(1, true, 0)).not.toEqual(first(1, true, 1));
  expect(first(1, true, 0)).not.toEqual(first(2, true, 0));
  expect(first(1, false, 0)).toEqual(first(2, false, 5));
});

test('rows of about one length come together, in a drawn order of batches', () => {
  const rows = makeRows(403, 5);
  const epoch = (groupByLength: boolean) => {
    const loader = new Loader({ rows, batchSize: 4, accumulation: 1, seed: 1, shuffle: true, groupByLength, packing: false, maxLength: 64, padId: 0 });
    return Array.from({ length: loader.updatesPerEpoch }, () => loader.next().microBatches[0]);
  };
  const padding = (batches: readonly Batch[]) => batches.reduce((sum, { inputs, tokenCount }) => sum + inputs.input_ids.data.length - tokenCount, 0);
  const grouped = epoch(true);
  expect(padding(grouped)).toBeLessThan(0.6 * padding(epoch(false)));
  expect(grouped.at(-1)!.inputs.input_ids.shape[0]).toBe(3); // what fills no batch stays last
  const widths = grouped.map(({ inputs }) => inputs.input_ids.shape[1]);
  expect(widths.slice(1).filter((width, i) => width > widths[i]).length).toBeGreaterThan(20); // longer ones are not all first
});

test('evaluation sees every row once, in order', () => {
  const rows = makeRows(23, 3);
  const batches = [...evalBatches(rows, { batchSize: 5, maxLabels: Infinity, padId: -7 })];
  expect(batches.map(({ rows }) => rows.length)).toEqual([5, 5, 5, 5, 3]);
  expect(batches.flatMap(unpack).map(({ tokens }) => tokens)).toEqual(Array.from({ length: 23 }, (_, i) => [...rows.tokens(i)]));
});

test('evaluation takes fewer rows at a time where they have many labels', () => {
  const rows = makeRows(23, 3);
  const batches = [...evalBatches(rows, { batchSize: 5, maxLabels: 12, padId: -7 })];
  expect(batches.flatMap(unpack)).toHaveLength(23);
  expect(batches.length).toBeGreaterThan(5);
  for (const { labelCount, rows } of batches) expect(rows.length === 1 || labelCount <= 12).toBe(true);
  const sizes = batches.map(({ inputs, labelCount }) => [...inputs.input_ids.shape, labelCount]);
  const [B, T, N] = [0, 1, 2].map((i) => Math.max(...sizes.map((size) => size[i])));
  expect(largestEvalBatch(rows, { batchSize: 5, maxLabels: 12 })).toEqual({ B, T, N });
});

test('no batch is larger than the largest is said to be', () => {
  for (const round of rounds) {
    const random = new Random('largest', round);
    const settings = options(makeRows(1 + random.below(40), round), random);
    const loader = new Loader(settings);
    const { attention } = settings;
    const { largest: { B, T, N }, tokens, computed, padded } = loader.survey(2 * loader.updatesPerEpoch);
    const batches = Array.from({ length: 2 * loader.updatesPerEpoch }, () => loader.next().microBatches).flat();
    const shapes = batches.map(({ inputs }) => inputs.input_ids.shape);
    if (attention == null) {
      expect(Math.max(...shapes.map(([rows]) => rows))).toBe(B);
      expect(Math.max(...shapes.map(([, width]) => width))).toBe(T);
      expect(computed).toBe(padded);
    } else {
      expect(shapes).toContainEqual([B, T]);
      const memory = ([rows, width]: readonly number[]) => rows * width * (1 + 4 * attention * width);
      expect(Math.max(...shapes.map(memory))).toBe(memory([B, T]));
    }
    expect(Math.max(...batches.map(({ labelCount }) => labelCount))).toBeLessThanOrEqual(N);
    expect(tokens).toBe(batches.reduce((sum, { tokenCount }) => sum + tokenCount, 0));
    expect(computed).toBe(shapes.reduce((sum, [rows, width]) => sum + rows * width, 0));
    expect(computed).toBeLessThanOrEqual(padded);
  }
});

test('long rows behind all that are looked at are known', () => {
  const lengthOf = (row: number) => (row < 66_000 ? 12 : 400);
  const rows = { ...makeRows(1, 1), length: 67_000, tokenCount: lengthOf, labelCount: lengthOf };
  const loader = new Loader({ rows, batchSize: 8, accumulation: 1, seed: 1, shuffle: false, groupByLength: false, packing: false, maxLength: 512, padId: 0, attention: 1e-3 });
  expect(loader.survey(loader.updatesPerEpoch).largest).toEqual({ B: 8, T: 400, N: 8 * 400 });
});

test('filled rows have the documents of the padded ones, batch for batch, and less padding', () => {
  const rows = makeRows(120, 9);
  const batches = (attention: number | null) => {
    const loader = new Loader({ rows, batchSize: 8, accumulation: 2, seed: 3, shuffle: true, groupByLength: false, packing: false, maxLength: 64, padId: 0, attention });
    return Array.from({ length: loader.updatesPerEpoch }, () => loader.next()).flatMap(({ microBatches }) => microBatches);
  };
  const [padded, filled] = [batches(null), batches(0)];
  expect(filled.map((batch) => batch.rows.toSorted())).toEqual(padded.map((batch) => batch.rows.toSorted()));
  expect(filled.map(({ labelCount, weight, tokenCount }) => [labelCount, weight, tokenCount])).toEqual(padded.map(({ labelCount, weight, tokenCount }) => [labelCount, weight, tokenCount]));
  const padding = (all: readonly Batch[]) => all.reduce((sum, { inputs, tokenCount }) => sum + inputs.input_ids.data.length - tokenCount, 0);
  expect(padding(filled)).toBeLessThan(0.2 * padding(padded));
});

test('widths are the next multiple of eight', () => {
  const rows = makeRows(50, 2);
  for (let i = 0; i < rows.length; i++) expect(collate(rows, [[i]], { padId: 0 }).inputs.input_ids.shape).toEqual([1, Math.ceil(rows.tokenCount(i) / 8) * 8]);
});

describe('packing', () => {
  test('puts each row where plain first-fit does', () => {
    for (const round of rounds) {
      const random = new Random('pack', round);
      const lengths = Array.from({ length: random.below(80) }, () => 1 + random.below(30));
      const expected: number[][] = [];
      for (const [row, length] of lengths.entries()) {
        const fits = expected.find((group) => group.reduce((sum, other) => sum + Math.min(32, lengths[other]), 0) + length <= 32);
        if (fits) fits.push(row);
        else expected.push([row]);
      }
      expect(packFirstFit(lengths.map((_, row) => row), (row) => lengths[row], 32)).toEqual(expected);
    }
  });

  test('gives a row that is too long a group of its own', () => {
    expect(packFirstFit([0, 1, 2], (row) => [4, 40, 4][row], 8)).toEqual([[0, 2], [1]]);
  });
});
