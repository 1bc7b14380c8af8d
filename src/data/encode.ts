/** Rows to token ids, whole, before anything is cut or held out. */
import { UserError } from '../util/errors.js';
import type { TokenWeights } from './functions.js';
import type { TokenSink } from './cache/token-file.js';
import { Faults } from './faults.js';
import { Growing } from './growing.js';
import { idOf, kept, labelsAmong, type Sources, type TokenStore } from './rows.js';
import { DroppedRows } from './filter/filter.js';
import type { RowRule } from './rule.js';
import { isRejected, type RejectedRow, type SourceRow } from './source/row.js';
import { type Example, type Piece, UnusableRow } from './template/example.js';
import type { Tokenizer } from './tokenizer/index.js';
import { WeightList } from './weights.js';

/** What is known of encoded rows beside their tokens. */
export interface DocumentIndex extends Sources {
  /** Labels of each row that count in its loss. */
  readonly labelCounts: Uint32Array;
  readonly rejected: readonly RejectedRow[];
  /** Rows looked at, and how many of them each rule of the filter left out. */
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
}

export interface EncodedDocuments extends DocumentIndex {
  readonly tokens: TokenStore;
}

export interface EncodeSettings {
  readonly tokenizer: Tokenizer;
  readonly rule: RowRule;
  readonly tokenWeights: TokenWeights | null;
  /** The last word on what of a row is read and what is learned. */
  readonly shape: (example: Example) => Example;
  /** Stop after so many usable rows. */
  readonly maxRows: number | null;
}

/** Text held before it is tokenised, in UTF-16 units: a few batches of the tokenizer. */
const heldUnits = 1 << 21;

interface HeldRow {
  readonly row: SourceRow;
  readonly example: Example;
  readonly weight: number;
}

/**
 * Reads, templates and tokenises, and gives the tokens to `sink`; memory holds some batches and the index.
 * While a batch is tokenised the next one is read. Throws UserError when not one row can be used.
 */
export async function encodeRows(files: readonly string[], rows: AsyncIterable<SourceRow | RejectedRow>, settings: EncodeSettings, sink: TokenSink): Promise<DocumentIndex> {
  const { tokenizer, rule, tokenWeights, shape, maxRows } = settings;
  const starts = new Growing(Float64Array);
  const labelCounts = new Growing(Uint32Array);
  const fileOf = new Growing(Uint32Array);
  const lineOf = new Growing(Uint32Array);
  const weights = new WeightList();
  const faults = new Faults();
  const dropped = new DroppedRows();
  let read = 0;
  let held: HeldRow[] = [];
  let units = 0;
  let end = 0; // tokens given
  let working: Promise<void> = Promise.resolve();

  /** A token of weight 0 is read and not learned. */
  const weighed = (codes: Int32Array, { value }: SourceRow): { codes: Int32Array; factors: Float32Array | null; reason: string | null } => {
    if (tokenWeights === null) return { codes, factors: null, reason: null };
    try {
      const factors = tokenWeights(codes.map(idOf), value);
      return { codes: codes.map((code, t) => (factors[t] === 0 ? kept(idOf(code), false) : code)), factors, reason: null };
    } catch (error) {
      if (!(error instanceof UnusableRow)) throw error;
      return { codes, factors: null, reason: error.message };
    }
  };
  const take = async (batch: readonly HeldRow[]): Promise<void> => {
    const encoded = await encodeExamples(batch.map(({ example }) => shape(example)), tokenizer);
    const usable: Int32Array[] = [];
    for (const [i, plain] of encoded.entries()) {
      const { row, weight } = batch[i];
      const { codes, factors, reason } = weighed(plain, row);
      const labels = labelsAmong(codes);
      if (reason !== null || labels === 0) {
        faults.add({ ...placeOf(row), reason: reason ?? 'it has no tokens to learn' });
        continue;
      }
      if (factors === null) weights.add(codes.length, weight);
      else for (const factor of factors) weights.add(1, weight * factor);
      starts.add(end);
      labelCounts.add(labels);
      fileOf.add(files.indexOf(row.file));
      lineOf.add(row.line);
      end += codes.length;
      usable.push(codes);
    }
    await sink(joined(usable));
  };
  const flush = async (): Promise<void> => {
    await working;
    const batch = held;
    held = [];
    units = 0;
    working = take(batch);
    working.catch(() => undefined); // reported where it is awaited
  };

  for await (const row of rows) {
    read++;
    if (isRejected(row)) {
      faults.add(row);
      continue;
    }
    faults.seen(row);
    try {
      const taken = rule(row.value);
      if ('dropped' in taken) {
        dropped.add(taken.dropped);
        continue;
      }
      const { example } = taken;
      held.push({ row, ...taken });
      units += example.pieces.reduce((sum, piece) => sum + ('text' in piece ? piece.text.length : 1), 0);
    } catch (error) {
      if (!(error instanceof UnusableRow)) throw error;
      faults.add({ ...placeOf(row), reason: error.message }, error.missingColumn);
    }
    if (units >= heldUnits) await flush();
    if (maxRows !== null && lineOf.length + held.length >= maxRows) {
      await flush();
      await working;
      if (lineOf.length >= maxRows) break;
    }
  }
  await flush();
  await working;
  if (lineOf.length === 0) throw dropped.total > 0 ? dropped.error(files, read) : faults.error(files);
  starts.add(end);
  return {
    starts: starts.take(), labelCounts: labelCounts.take(), fileOf: fileOf.take(), lineOf: lineOf.take(),
    weights: weights.take(), files, rejected: faults.rows, read, dropped: dropped.counts,
  };
}

/** The same text whole, between the marks that an encoder expects around a text. */
export function asMarkedText({ pieces, joined }: Example): Example {
  const texts = pieces.filter((piece) => 'text' in piece).map((piece): Piece => ({ ...piece, trained: true }));
  return { pieces: [{ mark: 'prefix', trained: true }, ...texts, { mark: 'suffix', trained: true }], joined };
}

/** A prompt with what the tokenizer puts after a text, and its last answer; what is learned is that answer alone. */
export function asPromptAndAnswer({ pieces }: Example): Example {
  const { before, answer } = lastAnswer(pieces);
  return { pieces: [...textsOf(before, false), { mark: 'suffix', trained: false }, ...answer], joined: false };
}

/** What comes before the last answer, and that answer, each between the tokenizer's marks. */
export function asSourceAndTarget({ pieces }: Example): Example {
  const { before, answer } = lastAnswer(pieces);
  const marked = (texts: readonly Piece[], trained: boolean): Piece[] => [{ mark: 'prefix', trained }, ...textsOf(texts, trained), { mark: 'suffix', trained }];
  return { pieces: [...marked(before, false), ...marked(answer, true)], joined: false };
}

/** The last pieces in a row that are learned, and those before them; what follows them is nothing to learn. */
function lastAnswer(pieces: readonly Piece[]): { readonly before: readonly Piece[]; readonly answer: readonly Piece[] } {
  const end = pieces.findLastIndex(({ trained }) => trained) + 1;
  const start = pieces.slice(0, end).findLastIndex(({ trained }) => !trained) + 1;
  return { before: pieces.slice(0, start), answer: pieces.slice(start, end) };
}

function textsOf(pieces: readonly Piece[], trained: boolean): Piece[] {
  return pieces.filter((piece) => 'text' in piece && piece.text !== '').map((piece): Piece => ({ ...piece, trained }));
}

/** The same text as a document to learn whole, closed by the end token. */
export function asDocument(example: Example): Example {
  const pieces = example.pieces.filter((piece, i) => !(i === example.pieces.length - 1 && 'mark' in piece)).map((piece): Piece => ({ ...piece, trained: true }));
  return { ...example, pieces: [...pieces, { mark: 'end', trained: true }] };
}

/** Each example's tokens as they are kept. */
async function encodeExamples(examples: readonly Example[], tokenizer: Tokenizer): Promise<Int32Array[]> {
  const apart = await tokenizer.encodeBatch(examples.flatMap(({ joined, pieces }) => (joined ? [] : pieces.flatMap((piece) => ('text' in piece ? [piece.text] : [])))), { special: false });
  const whole = await tokenizer.locateBatch(examples.filter(({ joined }) => joined).map(textOf));
  let nextApart = 0;
  let nextWhole = 0;
  return examples.map((example) => {
    const parts: Int32Array[] = [];
    if (example.joined) {
      const found = whole[nextWhole++];
      const trained = overlaps(example.pieces, found);
      parts.push(found.ids.map((id, t) => kept(id, trained[t] === 1)));
    }
    for (const piece of example.pieces) {
      if ('mark' in piece) parts.push(Int32Array.from(markIds(piece.mark, tokenizer), (id) => kept(id, piece.trained)));
      else if ('id' in piece) parts.push(Int32Array.of(kept(piece.id, piece.trained)));
      else if (!example.joined) {
        const ids = apart[nextApart++];
        parts.push(piece.trained ? ids : ids.map((id) => ~id));
      }
    }
    return parts.length === 1 ? parts[0] : joined(parts);
  });
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function textOf({ pieces }: Example): string {
  return pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
}

/** 1 for each token that shares a character with a trained piece. */
function overlaps(pieces: readonly Piece[], { starts, ends }: { readonly starts: Int32Array; readonly ends: Int32Array }): Uint8Array {
  const trained = new Uint8Array(starts.length);
  let from = 0;
  for (const piece of pieces) {
    if (!('text' in piece)) continue;
    const to = from + piece.text.length;
    if (piece.trained) for (let i = 0; i < starts.length; i++) if (starts[i] < to && ends[i] > from) trained[i] = 1;
    from = to;
  }
  return trained;
}

function markIds(mark: 'prefix' | 'suffix' | 'end', tokenizer: Tokenizer): readonly number[] {
  if (mark !== 'end') return tokenizer[mark];
  if (tokenizer.eosId === null) throw new UserError('the tokenizer names no end token, so a model could not learn to stop; set eos_token in its tokenizer_config.json');
  return [tokenizer.eosId];
}

function placeOf({ file, line }: SourceRow): { file: string; line: number } {
  return { file, line };
}
