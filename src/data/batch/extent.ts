/** How large the batches of a run are, and how much of them is padding. */
import type { EncodedRows } from '../rows.js';
import { batchWidth, type DocumentRows, fillRows, memoryOfExtent, widthsOf, workOf } from './unpadded.js';

/** The most rows, tokens of a row and labels that a batch has. */
export interface BatchExtent {
  readonly B: number;
  readonly T: number;
  readonly N: number;
  /** The most tokens of a source, where rows have one. */
  readonly S?: number;
}

/** How rows of the data become rows of a batch. */
export interface Filling {
  /** Whether rows are a source and the target that is learned: their lengths count apart. */
  readonly pairs?: boolean;
  /** For fewer, fuller rows: what attention to one token costs, as a share of what the maps of a token do; null: rows as they come. */
  readonly attention?: number | null;
}

/** Rows of a batch, each the rows of the data that share it. */
export type Members = readonly (readonly number[])[];

/** What some batches come to. */
export interface Survey {
  /** B, T and S of the batch that takes the most memory where rows are filled, else the most of each; the most labels. */
  readonly largest: BatchExtent;
  /** Tokens of the data. */
  readonly tokens: number;
  /** B·T of each batch, sources included: the tokens that are computed. */
  readonly computed: number;
  /** The same were the rows as they come. */
  readonly padded: number;
}

/** The same rows of the data in the rows of the batch that are computed. */
export function filledRows(rows: EncodedRows, given: Members, { pairs = false, attention = null }: Filling): Members {
  if (attention === null) return given;
  return fillRows(documentsOf(rows, given, pairs), attention).map((documents) => documents.map(({ row }) => row));
}

export function survey(rows: EncodedRows, batches: Iterable<Members>, { pairs = false, attention = null }: Filling): Survey {
  let [tokens, computed, padded] = [0, 0, 0];
  let largest: BatchExtent = { B: 0, T: 0, N: 0 };
  for (const given of batches) {
    const documents = documentsOf(rows, given, pairs);
    const laid = attention === null ? documents : fillRows(documents, attention);
    const { T, S } = widthsOf(laid);
    const extent = { B: laid.length, T, N: labelsOf(rows, given), ...(pairs ? { S } : {}) };
    largest = attention === null ? mostOfEach(largest, extent) : largerExtent(largest, extent, attention);
    tokens += laid.reduce((sum, row) => row.reduce((all, document) => all + document.tokens + document.source, sum), 0);
    computed += laid.length * (T + S);
    padded += workOf(documents, 0);
  }
  return { largest, tokens, computed, padded };
}

/** Of a batch of B of these rows, were it made of those with the most. */
export function worstExtent(rows: EncodedRows, groups: Groups, { B, pairs = false }: { readonly B: number; readonly pairs?: boolean }): BatchExtent {
  const { count, rowsOf } = groups;
  const labels = Uint32Array.from({ length: count }, (_, group) => labelsOf(rows, [rowsOf(group)]));
  let longest = 0;
  let longestSource = 0;
  for (let group = 0; group < count; group++) {
    const tokens = tokensOf(rows, rowsOf(group));
    longest = Math.max(longest, pairs ? labels[group] : tokens);
    longestSource = Math.max(longestSource, tokens - labels[group]);
  }
  labels.sort();
  return { B, T: batchWidth(longest), N: labels.subarray(count - B).reduce((sum, label) => sum + label, 0), ...(pairs ? { S: batchWidth(longestSource) } : {}) };
}

/** The batch of the B longest of these rows. */
export function longestBatch(rows: EncodedRows, { count, rowsOf }: Groups, B: number): Members {
  const lengths = Uint32Array.from({ length: count }, (_, group) => tokensOf(rows, rowsOf(group)));
  const least = lengths.toSorted()[count - B];
  const [longer, equal]: [number[], number[]] = [[], []];
  lengths.forEach((length, group) => {
    if (length > least) longer.push(group);
    else if (length === least && equal.length < B) equal.push(group);
  });
  return [...longer, ...equal].slice(0, B).map(rowsOf);
}

/** B, T and S of the one whose batch takes more memory where rows are filled; the most labels of both. */
export function largerExtent(a: BatchExtent, b: BatchExtent, attention: number): BatchExtent {
  return { ...(memoryOfExtent(b, attention) > memoryOfExtent(a, attention) ? b : a), N: Math.max(a.N, b.N) };
}

/** Which rows of the data share a row of a batch. */
export interface Groups {
  readonly count: number;
  rowsOf(group: number): readonly number[];
}

export function tokensOf(rows: EncodedRows, group: readonly number[]): number {
  return group.reduce((sum, row) => sum + rows.tokenCount(row), 0);
}

function labelsOf(rows: EncodedRows, members: Members): number {
  return members.reduce((sum, group) => group.reduce((all, row) => all + rows.labelCount(row), sum), 0);
}

function mostOfEach(a: BatchExtent, b: BatchExtent): BatchExtent {
  return { B: Math.max(a.B, b.B), T: Math.max(a.T, b.T), N: Math.max(a.N, b.N), ...(b.S === undefined ? {} : { S: Math.max(a.S ?? 0, b.S) }) };
}

function documentsOf(rows: EncodedRows, members: Members, pairs: boolean): DocumentRows {
  return members.map((group) =>
    group.map((row) => {
      const [tokens, labels] = [rows.tokenCount(row), pairs ? rows.labelCount(row) : 0];
      return pairs ? { row, tokens: labels, source: tokens - labels } : { row, tokens, source: 0 };
    }),
  );
}
