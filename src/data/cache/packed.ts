/**
 * Tokens as a cache keeps them (`kept` in rows.ts says what each number means), in groups of eight: a byte of marks, bit i
 * of which says that token i is learned, and eight ids of as many bytes as the largest of all needs, the lowest byte first.
 * So a token of a vocabulary of at most 65,536 takes 2⅛ bytes, and any stretch can be read by itself.
 */
import { idOf, isLearned, type TokenStore } from '../codes.js';

const groupTokens = 8;

/** Bytes of each id where the largest is this one. */
export function idBytes(largest: number): number {
  return largest < 2 ** 8 ? 1 : largest < 2 ** 16 ? 2 : largest < 2 ** 24 ? 3 : 4;
}

function bytesOfGroup(width: number): number {
  return 1 + groupTokens * width;
}

/** Of so many tokens; the last group is filled up. */
export function packedBytes(count: number, width: number): number {
  return Math.ceil(count / groupTokens) * bytesOfGroup(width);
}

/** Tokens packed at a time. */
const packedAtATime = 1 << 18;

/** Takes tokens as they come, and gives the bytes of whole groups. */
export class Packer {
  count = 0;
  readonly #width: number;
  readonly #begun = new Int32Array(groupTokens); // `count % 8` of them: a group that is not whole
  readonly #ends: number;

  /** `width`: bytes of an id. */
  constructor(width: number) {
    this.#width = width;
    this.#ends = 2 ** (8 * width);
  }

  *push(codes: Int32Array): Generator<Uint8Array> {
    for (let from = 0; from < codes.length; from += packedAtATime) yield this.#pack(codes.subarray(from, from + packedAtATime));
  }

  /** The group that is begun, filled up. */
  *finish(): Generator<Uint8Array> {
    const begun = this.count % groupTokens;
    if (begun > 0) yield this.#groups(this.#begun.fill(0, begun));
  }

  #pack(codes: Int32Array): Uint8Array {
    const begun = this.count % groupTokens;
    const all = new Int32Array(begun + codes.length);
    all.set(this.#begun.subarray(0, begun));
    all.set(codes, begun);
    this.count += codes.length;
    const whole = all.length - (all.length % groupTokens);
    this.#begun.set(all.subarray(whole));
    return this.#groups(all.subarray(0, whole));
  }

  #groups(codes: Int32Array): Uint8Array {
    const width = this.#width;
    const bytes = new Uint8Array(packedBytes(codes.length, width));
    let at = 0;
    for (let first = 0; first < codes.length; first += groupTokens) {
      let marks = 0;
      const marksAt = at++;
      for (let i = 0; i < groupTokens; i++) {
        const code = codes[first + i];
        if (isLearned(code)) marks |= 1 << i;
        const id = idOf(code);
        if (id >= this.#ends) throw new Error(`token ${id} does not fit in ${width} bytes`);
        for (let byte = 0; byte < width; byte++) bytes[at++] = id >>> (8 * byte);
      }
      bytes[marksAt] = marks;
    }
    return bytes;
  }
}

/** Where packed tokens are: in memory or on a disk. */
export interface PackedBytes {
  /** Bytes of memory that they take. */
  readonly held: number;
  read(from: number, length: number): Uint8Array;
  /** Of what will be read soon. */
  ahead(from: number, length: number): void;
}

export class PackedTokens implements TokenStore {
  readonly length: number;
  readonly #width: number;
  readonly #bytes: PackedBytes;

  constructor(length: number, width: number, bytes: PackedBytes) {
    this.length = length;
    this.#width = width;
    this.#bytes = bytes;
  }

  get heldBytes(): number {
    return this.#bytes.held;
  }

  read(start: number, count: number): Int32Array {
    const width = this.#width;
    const { from, length } = this.#groupsOf(start, count);
    const bytes = this.#bytes.read(from, length);
    const codes = new Int32Array(count);
    const before = start % groupTokens;
    for (let t = 0; t < count; t++) {
      const place = (before + t) % groupTokens;
      const group = ((before + t - place) / groupTokens) * bytesOfGroup(width);
      const at = group + 1 + place * width;
      let id = bytes[at];
      for (let byte = 1; byte < width; byte++) id |= bytes[at + byte] << (8 * byte);
      codes[t] = (bytes[group] >> place) & 1 ? id : ~id;
    }
    return codes;
  }

  ahead(start: number, count: number): void {
    const { from, length } = this.#groupsOf(start, count);
    this.#bytes.ahead(from, length);
  }

  /** The bytes of all groups that have one of these tokens. */
  #groupsOf(start: number, count: number): { from: number; length: number } {
    const from = packedBytes(start - (start % groupTokens), this.#width);
    return { from, length: packedBytes(start + count, this.#width) - from };
  }
}
