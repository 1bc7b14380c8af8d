/** Tokens and whether they are learned, in one number each, and where so many of them are kept. */
import { ignoredLabel } from './rows.js';

/**
 * Tokens as they are kept, one number each: the id where it is learned, its complement `~id` (which is
 * negative) where it is only read.
 */
export interface TokenStore {
  readonly length: number;
  /** Bytes of memory that they take. */
  readonly heldBytes: number;
  /** Of `[start, start + count)`. Not to be written to. */
  read(start: number, count: number): Int32Array;
  /** Of what will be read soon. */
  ahead(start: number, count: number): void;
}

export function kept(id: number, trained: boolean): number {
  return trained ? id : ~id;
}

export function idOf(code: number): number {
  return code < 0 ? ~code : code;
}

export function largestId(codes: Int32Array): number {
  return codes.reduce((largest, code) => Math.max(largest, idOf(code)), 0);
}

export function labelOf(code: number): number {
  return code < 0 ? ignoredLabel : code;
}

export function isLearned(code: number): boolean {
  return code >= 0;
}

/** Of these tokens as a row of their own. */
export function labelsAmong(codes: Int32Array): number {
  let count = 0;
  for (let t = 1; t < codes.length; t++) count += Number(isLearned(codes[t]));
  return count;
}

/** Tokens in memory. */
export class HeldTokens implements TokenStore {
  readonly length: number;
  readonly #codes: Int32Array;

  constructor(codes: Int32Array) {
    this.length = codes.length;
    this.#codes = codes;
  }

  get heldBytes(): number {
    return this.#codes.byteLength;
  }

  read(start: number, count: number): Int32Array {
    return this.#codes.subarray(start, start + count);
  }

  ahead(): void {
    // they are there
  }
}
