/** Documents to rows of at most `max_length` tokens. Nothing is copied: rows are windows into the store. */
import type { EncodedDocuments } from './encode.js';
import { labelCount, type TokenStore, type Window } from './rows.js';
import type { RejectedRow } from './source/row.js';

export interface CutRows {
  readonly windows: readonly Window[];
  /** Rows that were longer than `max_length`. */
  readonly cutRows: number;
  /** Rows of which nothing to learn was left. */
  readonly rejected: readonly RejectedRow[];
}

/**
 * A row a document. Of a longer one with a prompt and one answer, the middle of the prompt is left out
 * (its ends hold the task and the lead-in to the answer); of any other, the end.
 * Overwrites the cut documents in the store.
 */
export function cutDocuments(documents: EncodedDocuments, maxLength: number): CutRows {
  const windows: Window[] = [];
  const rejected: RejectedRow[] = [];
  let cutRows = 0;
  for (let i = 0; i < documents.lineOf.length; i++) {
    const start = documents.starts[i];
    const fullLength = documents.starts[i + 1] - start;
    let count = fullLength;
    if (fullLength > maxLength) {
      cutRows++;
      count = cutInPlace(documents, { start, count }, maxLength);
    }
    if (labelCount(documents, { start, count }) > 0) windows.push({ start, count, fullLength });
    else {
      const reason = `nothing to learn is left within max_length ${maxLength} (the row has ${fullLength} tokens)`;
      rejected.push({ file: documents.files[documents.fileOf[i]], line: documents.lineOf[i], reason });
    }
  }
  return { windows, cutRows, rejected };
}

/**
 * All documents as one text in rows of exactly `blockLength` tokens, as `group_texts` of Transformers'
 * run_clm.py; but the rest at the end is kept, as a shorter row.
 */
export function chunkDocuments({ tokens }: TokenStore, blockLength: number): CutRows {
  const windows: Window[] = [];
  for (let start = 0; start + 1 < tokens.length; start += blockLength) {
    const count = Math.min(blockLength, tokens.length - start);
    windows.push({ start, count, fullLength: count });
  }
  return { windows, cutRows: 0, rejected: [] };
}

/** How prompt and answer share `maxLength` (LLaMA-Factory's `infer_seqlen`): the answer comes first. */
export function shareLength(prompt: number, answer: number, maxLength: number): { prompt: number; answer: number } {
  let room = Math.floor((maxLength * answer) / (prompt + answer));
  if (answer * 2 < maxLength) room = maxLength;
  else if (prompt * 2 < maxLength) room = maxLength - prompt;
  const kept = Math.min(answer, Math.max(1, room));
  return { prompt: Math.min(prompt, maxLength - kept), answer: kept };
}

/** Shortens one document; returns its new length. */
function cutInPlace({ tokens, trained }: TokenStore, { start, count }: { start: number; count: number }, maxLength: number): number {
  const mask = trained.subarray(start, start + count);
  const first = mask.indexOf(1);
  const end = mask.lastIndexOf(1) + 1;
  if (first === 0 || mask.subarray(first, end).includes(0)) return maxLength;

  const kept = shareLength(first, end - first, maxLength);
  const head = Math.ceil(kept.prompt / 2);
  const tail = kept.prompt - head;
  for (const values of [tokens, trained]) values.copyWithin(start + head, start + first - tail, start + first + kept.answer);
  return kept.prompt + kept.answer;
}
