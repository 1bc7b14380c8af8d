/** A row as the model will read it, still in words. */

/** Text; or tokens that have no words: what the tokenizer puts before and after a text, the end token, and the number of a class. */
export type Piece =
  | { readonly text: string; readonly trained: boolean }
  | { readonly mark: 'prefix' | 'suffix' | 'end'; readonly trained: boolean }
  | { readonly id: number; readonly trained: boolean };

export interface Example {
  readonly pieces: readonly Piece[];
  /**
   * False: each piece is tokenised by itself, so that a prompt gives the same tokens with and without its
   * answer (as in LLaMA-Factory). True: the joined text is tokenised, as a chat template expects, and a
   * token is trained when it overlaps a trained piece (as Transformers' assistant mask does).
   */
  readonly joined: boolean;
}

/** Why a row cannot be used. It is caught where rows are read, and counted. */
export class UnusableRow extends Error {
  override readonly name = 'UnusableRow';
  /** The column the row lacks, if that is why. */
  readonly missingColumn: string | null;

  constructor(reason: string, missingColumn: string | null = null) {
    super(reason);
    this.missingColumn = missingColumn;
  }
}

export function read(text: string): Piece {
  return { text, trained: false };
}

export function learn(text: string): Piece {
  return { text, trained: true };
}
