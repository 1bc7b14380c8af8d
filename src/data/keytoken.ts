/**
 * Rows that count by how many of some tokens they have: loss = mean over rows of α · (1 + key tokens) · mean loss of the row.
 * Source: Hugging Face's course, chapter 7.6, `keytoken_weighted_loss`.
 */
import type { LossConfig } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import type { EncodedRows, RowPlace } from './rows.js';
import type { Tokenizer } from './tokenizer/index.js';

/**
 * The ids of words as they stand alone and after a space; a word that begins with a space only so. A form that is
 * several tokens is not counted; throws a UserError for a word of which no form is one token.
 */
export async function keyTokenIds(words: readonly string[], tokenizer: Tokenizer): Promise<ReadonlySet<number>> {
  if (words.length === 0) throw new UserError('`loss.type: keytoken` counts tokens, and there are none: name them as loss.tokens: [plt, pd, fit]');
  const ids = new Set<number>();
  for (const word of words) {
    const forms = await tokenizer.encodeBatch(word.startsWith(' ') ? [word] : [word, ` ${word}`], { special: false });
    const single = forms.filter(({ length }) => length === 1);
    if (single.length === 0) {
      const parts = Array.from(forms[0], (id) => tokenizer.token(id)).join('|');
      throw new UserError(`loss.tokens: "${word}" is ${forms[0].length} tokens of this tokenizer (${parts}), and a key token is one: take it out, or name one of its parts`);
    }
    for (const [id] of single) ids.add(id);
  }
  return ids;
}

export class KeyTokenRows implements EncodedRows {
  readonly length: number;
  readonly totalTokens: number;
  readonly totalLabels: number;
  readonly #rows: EncodedRows;
  readonly #keys: ReadonlySet<number>;
  readonly #alpha: number;

  constructor(rows: EncodedRows, keys: ReadonlySet<number>, { alpha }: Pick<LossConfig, 'alpha'>) {
    this.length = rows.length;
    this.totalTokens = rows.totalTokens;
    this.totalLabels = rows.totalLabels;
    this.#rows = rows;
    this.#keys = keys;
    this.#alpha = alpha;
  }

  factor(row: number): number {
    return this.#alpha * (1 + this.#rows.tokens(row).reduce((count, id) => count + Number(this.#keys.has(id)), 0));
  }

  ahead(row: number): void {
    this.#rows.ahead(row);
  }

  tokens(row: number): Int32Array {
    return this.#rows.tokens(row);
  }

  labels(row: number): Int32Array {
    return this.#rows.labels(row);
  }

  weights(row: number): Float32Array | null {
    return this.#rows.weights(row);
  }

  tokenCount(row: number): number {
    return this.#rows.tokenCount(row);
  }

  labelCount(row: number): number {
    return this.#rows.labelCount(row);
  }

  fullLength(row: number): number {
    return this.#rows.fullLength(row);
  }

  place(row: number): RowPlace {
    return this.#rows.place(row);
  }

  setName(row: number): string | null {
    return this.#rows.setName(row);
  }
}
