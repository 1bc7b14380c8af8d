/** A row cut in two: what a model is given, and what it should say. */
import { type EncodedRows, ignoredLabel } from '../rows.js';
import type { Tokenizer } from '../tokenizer/index.js';

export interface RowPrompt {
  readonly prompt: string;
  /** Up to where the row ends, or the next text begins that is only read; without end tokens. */
  readonly answer: string;
  /** Tokens of the answer, its end token counted where it has one. */
  readonly answerTokens: number;
  /** Whether the tokenizer has to put its own tokens around the prompt again, as it did around that of the row. */
  readonly special: boolean;
}

/** Of a row that is learned from its beginning, so much is given. */
const given = { share: 0.25, most: 32 } as const;

export function previewPrompt(rows: EncodedRows, row: number, tokenizer: Tokenizer): RowPrompt {
  const ids = rows.tokens(row);
  const labels = rows.labels(row);
  const { prefix, suffix } = tokenizer;
  const isOpened = prefix.length > 0 && prefix.every((id, i) => ids[i] === id);
  const start = isOpened ? prefix.length : 0;
  const first = labels.findIndex((label, t) => t >= start && label !== ignoredLabel);
  const cut = first > start + 1 ? first : start + Math.max(1, Math.min(given.most, Math.ceil((ids.length - start) * given.share)));
  const next = labels.findIndex((label, t) => t >= cut && label === ignoredLabel);
  const answerEnd = next < 0 ? ids.length : next;
  const textEnd = cut - suffix.length;
  const isClosed = suffix.length > 0 && textEnd > start && suffix.every((id, i) => ids[textEnd + i] === id);
  const special = isOpened ? isClosed || suffix.length === 0 : isClosed && prefix.length === 0;
  const prompt = tokenizer.decode(special ? ids.subarray(start, isClosed ? textEnd : cut) : ids.subarray(0, cut), { special: true });
  // A text's first token would lose its space alone.
  const answer = tokenizer.decode(ids.subarray(0, answerEnd)).slice(tokenizer.decode(ids.subarray(0, cut)).length);
  return { prompt, answer, answerTokens: answerEnd - cut, special };
}
