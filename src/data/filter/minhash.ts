/** Texts that are nearly the same, by MinHash and locality-sensitive hashing (Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.3–3.4). */
import { Random } from '../../util/random.js';
import { Growing } from '../../util/growing.js';
import type { DuplicateFinder } from './marks.js';
import { wordsOf } from './words.js';

/** Words that make a shingle, as in most corpora's recipes (Lee et al. 2021, "Deduplicating Training Data"). */
const shingleWords = 5;
/** Texts are near duplicates when at least this share of their shingles is common to both. */
export const nearShare = 0.8;

const bands = 20;
const rowsOfBand = 6; //  chance to be looked at for a similarity s: 1 − (1 − s⁶)²⁰; 0.997 at s = 0.8, 0.27 at 0.5
const hashes = bands * rowsOfBand;
const mostUnequal = Math.floor(hashes * (1 - nearShare) + 1e-9);

/** Hashes of 16 bits, two in a word: b-bit minwise hashing (Li and König 2010), of whose chance matches 2⁻¹⁶ are left. */
const markWords = hashes / 2;

/** Rows compared in each band, the newest first: where many share a boilerplate, time stays linear in their number. */
const mostCompared = 256;

/** Rows of a piece of the store. */
const pieceRows = 1 << 12;

/**
 * Texts that agree in all hashes of one band are compared by the share of equal hashes, which estimates
 * the Jaccard similarity of their shingles with a standard error of √(s(1 − s)/120) ≈ 0.04. A row takes 240
 * bytes for its hashes, 80 for the chains of the bands and 80 to 160 for their heads.
 */
export function likeText(): DuplicateFinder {
  const random = new Random(0, 'minhash');
  const factors = Int32Array.from({ length: hashes }, () => random.bits() | 1);
  const shifts = Int32Array.from({ length: hashes }, () => random.bits());
  const signature = new Uint16Array(hashes);
  const pieces: Uint16Array[] = [];
  const chains = new Growing(Int32Array); //       [rows × bands]: the row before it in the same chain, + 1
  let heads = new Int32Array(bands << 10); //      [bands × slots]: the newest row of a chain, + 1
  let rows = 0;
  const fresh = new Growing(Uint32Array);

  const hash = (text: string): void => {
    const shingles = shinglesOf(text);
    for (let h = 0; h < hashes; h++) signature[h] = mixed(leastHash(shingles, factors[h], shifts[h])) & 0xffff;
  };
  const slotOf = (of: Uint16Array, from: number, band: number): number => {
    const slots = heads.length / bands;
    return band * slots + (fnv(of, from + band * rowsOfBand, rowsOfBand) & (slots - 1));
  };
  const hook = (row: number, of: Uint16Array, from: number): void => {
    for (let band = 0; band < bands; band++) {
      const slot = slotOf(of, from, band);
      chains.set(row * bands + band, heads[slot]);
      heads[slot] = row + 1;
    }
  };
  const add = (given: Uint16Array): void => {
    if (rows % pieceRows === 0) pieces.push(new Uint16Array(pieceRows * hashes));
    pieces[pieces.length - 1].set(given, (rows % pieceRows) * hashes);
    for (let band = 0; band < bands; band++) chains.add(0);
    if (rows === heads.length / bands) {
      heads = new Int32Array(2 * heads.length);
      for (let row = 0; row < rows; row++) hook(row, pieces[Math.floor(row / pieceRows)], (row % pieceRows) * hashes);
    }
    hook(rows++, given, 0);
  };
  const isKnown = (): boolean => {
    for (let band = 0; band < bands; band++) {
      let compared = 0;
      for (let next = heads[slotOf(signature, 0, band)]; next !== 0 && compared < mostCompared; next = chains.at((next - 1) * bands + band)) {
        const row = next - 1;
        const of = pieces[Math.floor(row / pieceRows)];
        const from = (row % pieceRows) * hashes;
        if (!sameBand(of, from, band)) continue;
        compared++;
        if (isNear(of, from)) return true;
      }
    }
    return false;
  };
  const sameBand = (of: Uint16Array, from: number, band: number): boolean => {
    for (let h = band * rowsOfBand; h < (band + 1) * rowsOfBand; h++) if (of[from + h] !== signature[h]) return false;
    return true;
  };
  const isNear = (of: Uint16Array, from: number): boolean => {
    let unequal = 0;
    for (let h = 0; h < hashes && unequal <= mostUnequal; h++) unequal += Number(of[from + h] !== signature[h]);
    return unequal <= mostUnequal;
  };

  return {
    seen(text) {
      hash(text);
      if (isKnown()) return true;
      add(signature);
      fresh.push(new Uint32Array(signature.buffer));
      return false;
    },
    takeMarks: () => fresh.drain(),
    remember(marks) {
      for (let at = 0; at < marks.length; at += markWords) add(new Uint16Array(marks.slice(at, at + markWords).buffer));
    },
  };
}

/** min over shingles of (factor · shingle + shift) mod 2³², as a signed number. */
function leastHash(shingles: Int32Array, factor: number, shift: number): number {
  let least = 0x7fffffff;
  for (let s = 0; s < shingles.length; s++) {
    const value = (Math.imul(shingles[s], factor) + shift) | 0;
    if (value < least) least = value;
  }
  return least;
}

/** Hashes of each five words in a row; of all words where there are fewer. */
function shinglesOf(text: string): Int32Array {
  const words = Int32Array.from(wordsOf(text), hashOf);
  const size = Math.min(words.length, shingleWords);
  return Int32Array.from({ length: words.length - size + 1 }, (_, at) => fnv(words, at, size));
}

function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

/** FNV-1a over whole numbers. */
function fnv(values: Int32Array | Uint16Array, from: number, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < from + count; i++) hash = Math.imul(hash ^ values[i], 0x01000193);
  return mixed(hash);
}

/** The last steps of MurmurHash3: every bit of the value bears on every bit of the result. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
