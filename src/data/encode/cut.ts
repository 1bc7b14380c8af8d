/** Documents to rows of at most `max_length` tokens. Nothing is copied: rows are windows into the store. */
import type { EncodedDocuments } from './documents.js';
import { Growing } from '../../util/growing.js';
import { isLearned, labelsAmong } from '../codes.js';
import { unpackedLine, type Windows } from '../stored-rows.js';
import type { RejectedRow } from '../source/row.js';

export interface CutRows {
  readonly windows: Windows;
  /** Rows that were longer than `max_length`. */
  readonly cutRows: number;
  /** Rows of which nothing to learn was left. */
  readonly rejected: readonly RejectedRow[];
}

/** What becomes of a text, all of which is learned, that is longer than a row. */
export type Overflow = 'cut' | 'split';

/**
 * A row a document. Of a longer one with a prompt and one answer, the middle of the prompt is left out
 * (its ends hold the task and the lead-in to the answer); of any other, the end, unless texts are `split`: into rows
 * that follow each other, as by `return_overflowing_tokens` of Transformers' tokenizers, with no token left out.
 */
export function cutDocuments(documents: EncodedDocuments, maxLength: number, overflow: Overflow = 'cut'): CutRows {
  const windows = new WindowList();
  const rejected: RejectedRow[] = [];
  let cutRows = 0;
  for (let document = 0; document < documents.lineOf.length; document++) {
    const start = documents.starts[document];
    const fullLength = documents.starts[document + 1] - start;
    if (fullLength <= maxLength) {
      windows.push({ start, fullLength, ...whole(fullLength), labels: documents.labelCounts[document] });
      continue;
    }
    const codes = documents.tokens.read(start, fullLength);
    if (overflow === 'split' && codes.every(isLearned)) {
      for (const piece of piecesOf(codes, maxLength)) windows.push({ ...piece, start: start + piece.start });
      continue;
    }
    cutRows++;
    const cut = cutOne(codes, maxLength);
    const labels = labelsAmong(leftOf(codes, cut));
    if (labels > 0) windows.push({ start, fullLength, ...cut, labels });
    else {
      const reason = `nothing to learn is left within max_length ${maxLength} (the row has ${fullLength} tokens)`;
      rejected.push({ file: documents.files[documents.fileOf[document]], ...unpackedLine(documents.lineOf[document]), reason });
    }
  }
  return { windows: windows.take(), cutRows, rejected };
}

/**
 * A row a document of a source and the target that is learned, each of at most `maxLength` tokens: the end of a longer
 * one is left out, but for a source's last token, which closes it.
 */
export function cutPairs(documents: EncodedDocuments, maxLength: number): CutRows {
  const windows = new WindowList();
  let cutRows = 0;
  for (let document = 0; document < documents.lineOf.length; document++) {
    const start = documents.starts[document];
    const length = documents.starts[document + 1] - start;
    const source = length - documents.labelCounts[document];
    const fullLength = Math.max(source, length - source);
    const labels = Math.min(length - source, maxLength);
    const gap = Math.max(0, source - maxLength);
    windows.push({ start, fullLength, count: source - gap + labels, head: gap === 0 ? source : maxLength - 1, gap, labels });
    if (fullLength > maxLength) cutRows++;
  }
  return { windows: windows.take(), cutRows, rejected: [] };
}

/**
 * All documents as one text in rows of exactly `blockLength` tokens, as `group_texts` of Transformers'
 * run_clm.py; but the rest at the end is kept, as a shorter row. Every token is learned unless it weighs 0.
 */
export function chunkDocuments({ tokens, weights }: EncodedDocuments, blockLength: number): CutRows {
  const windows = new WindowList();
  /** Where tokens are weighed, those of weight 0 are not learned. */
  const labelsIn = (start: number, count: number): number => (weights === null ? count - 1 : labelsAmong(tokens.read(start, count)));
  for (let start = 0; start + 1 < tokens.length; start += blockLength) {
    const count = Math.min(blockLength, tokens.length - start);
    windows.push({ start, fullLength: count, ...whole(count), labels: labelsIn(start, count) });
  }
  return { windows: windows.take(), cutRows: 0, rejected: [] };
}

/** How prompt and answer share `maxLength` (LLaMA-Factory's `infer_seqlen`): the answer comes first. */
export function shareLength(prompt: number, answer: number, maxLength: number): { prompt: number; answer: number } {
  let room = Math.floor((maxLength * answer) / (prompt + answer));
  if (answer * 2 < maxLength) room = maxLength;
  else if (prompt * 2 < maxLength) room = maxLength - prompt;
  const kept = Math.min(answer, Math.max(1, room));
  return { prompt: Math.min(prompt, maxLength - kept), answer: kept };
}

/** What is kept of a document: `count` tokens, of which `gap` are left out after the first `head`. */
interface Cut {
  readonly count: number;
  readonly head: number;
  readonly gap: number;
}

/** Rows of `maxLength` tokens and the rest; a rest of one token predicts nothing and is none. */
function* piecesOf(codes: Int32Array, maxLength: number): Generator<Cut & { readonly start: number; readonly fullLength: number; readonly labels: number }> {
  for (let start = 0; start < codes.length; start += maxLength) {
    const piece = codes.subarray(start, start + maxLength);
    const labels = labelsAmong(piece);
    if (labels > 0) yield { start, fullLength: piece.length, ...whole(piece.length), labels };
  }
}

/** The tokens that are kept. */
function leftOf(codes: Int32Array, { count, head, gap }: Cut): Int32Array {
  const left = codes.slice(0, count);
  left.set(codes.subarray(head + gap, count + gap), head);
  return left;
}

function whole(count: number): Cut {
  return { count, head: count, gap: 0 };
}

function cutOne(codes: Int32Array, maxLength: number): Cut {
  const first = codes.findIndex(isLearned);
  const end = codes.findLastIndex(isLearned) + 1;
  if (first <= 0 || !codes.subarray(first, end).every(isLearned)) return whole(maxLength);

  const kept = shareLength(first, end - first, maxLength);
  const head = Math.ceil(kept.prompt / 2);
  return { count: kept.prompt + kept.answer, head, gap: first - kept.prompt };
}

/** Windows as they are found, a column a field. */
class WindowList {
  readonly #starts = new Growing(Float64Array);
  readonly #counts = new Growing(Uint32Array);
  readonly #heads = new Growing(Uint32Array);
  readonly #gaps = new Growing(Uint32Array);
  readonly #fullLengths = new Growing(Uint32Array);
  readonly #labelCounts = new Growing(Uint32Array);

  push(window: Cut & { readonly start: number; readonly fullLength: number; readonly labels: number }): void {
    this.#starts.add(window.start);
    this.#counts.add(window.count);
    this.#heads.add(window.head);
    this.#gaps.add(window.gap);
    this.#fullLengths.add(window.fullLength);
    this.#labelCounts.add(window.labels);
  }

  take(): Windows {
    return {
      length: this.#starts.length, starts: this.#starts.take(), counts: this.#counts.take(), heads: this.#heads.take(), gaps: this.#gaps.take(),
      fullLengths: this.#fullLengths.take(), labelCounts: this.#labelCounts.take(),
    };
  }
}
