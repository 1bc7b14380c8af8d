/** Rows that were seen before, word for word or nearly so. */
import { createHash } from 'node:crypto';
import { Random } from '../../util/random.js';

/** True when a text, or one much like it, was asked about before. */
export type DuplicateFinder = (text: string) => boolean;

export function duplicateFinder(kind: 'exact' | 'near'): DuplicateFinder {
  return kind === 'exact' ? sameText() : likeText();
}

/** Case and white space do not count. 12 bytes a row are remembered. */
function sameText(): DuplicateFinder {
  const seen = new Set<string>();
  return (text) => {
    const mark = createHash('sha256').update(wordsOf(text).join(' ')).digest().toString('latin1', 0, 12);
    if (seen.has(mark)) return true;
    seen.add(mark);
    return false;
  };
}

/** Words that make a shingle, as in most corpora's recipes (Lee et al. 2021, "Deduplicating Training Data"). */
const shingleWords = 5;
/** Texts are near duplicates when at least this share of their shingles is common to both. */
export const nearShare = 0.8;

const bands = 20;
const rowsOfBand = 6; //  chance to be looked at for a similarity s: 1 − (1 − s⁶)²⁰; 0.997 at s = 0.8, 0.27 at 0.5
const hashes = bands * rowsOfBand;

/**
 * MinHash with locality-sensitive hashing (Broder 1997): texts that agree in all hashes of one band are
 * compared by the share of equal hashes, which estimates the Jaccard similarity of their shingles with a
 * standard error of √(s(1 − s)/120) ≈ 0.04. 480 bytes a row are remembered.
 */
function likeText(): DuplicateFinder {
  const random = new Random(0, 'minhash');
  const factors = Uint32Array.from({ length: hashes }, () => random.bits() | 1);
  const shifts = Uint32Array.from({ length: hashes }, () => random.bits());
  const signatures: Uint32Array[] = [];
  const tables = Array.from({ length: bands }, () => new Map<number, number[]>());

  return (text) => {
    const signature = new Uint32Array(hashes).fill(0xffffffff);
    for (const shingle of shinglesOf(text)) {
      for (let h = 0; h < hashes; h++) {
        const value = mixed(Math.imul(shingle, factors[h]) + shifts[h]);
        if (value < signature[h]) signature[h] = value;
      }
    }
    const keys = Array.from({ length: bands }, (_, band) => fnv(signature.subarray(band * rowsOfBand, (band + 1) * rowsOfBand)));
    const candidates = new Set(tables.flatMap((table, band) => table.get(keys[band]) ?? []));
    for (const candidate of candidates) if (shareOfEqual(signatures[candidate], signature) >= nearShare) return true;
    for (const [band, table] of tables.entries()) {
      const same = table.get(keys[band]);
      if (same) same.push(signatures.length);
      else table.set(keys[band], [signatures.length]);
    }
    signatures.push(signature);
    return false;
  };
}

/** Hashes of each five words in a row; of all words where there are fewer. */
function shinglesOf(text: string): number[] {
  const words = wordsOf(text).map(hashOf);
  const last = Math.max(0, words.length - shingleWords);
  return Array.from({ length: last + 1 }, (_, at) => fnv(words.slice(at, at + shingleWords)));
}

/** Lower-case words; signs, and characters written without spaces, each by itself. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** FNV-1a over whole numbers. */
function fnv(values: ArrayLike<number>): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < values.length; i++) hash = Math.imul(hash ^ values[i], 0x01000193);
  return mixed(hash);
}

/** The last steps of MurmurHash3: every bit of the value bears on every bit of the result. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function shareOfEqual(a: Uint32Array, b: Uint32Array): number {
  let equal = 0;
  for (let h = 0; h < hashes; h++) equal += Number(a[h] === b[h]);
  return equal / hashes;
}
