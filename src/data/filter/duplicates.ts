/** Rows that were seen before, word for word or nearly so. */
import { createHash } from 'node:crypto';
import type { DuplicateFinder } from './marks.js';
import { likeText } from './minhash.js';
import { wordsOf } from './words.js';
import { Growing } from '../../util/growing.js';

export function duplicateFinder(kind: 'exact' | 'near'): DuplicateFinder {
  return kind === 'exact' ? sameText() : likeText();
}

/** Of a SHA-256: two of 10⁹ different texts share it with a chance of 10⁻¹¹. */
const markWords = 3;

/** Case and white space do not count. An open-addressed table of marks, at most half full: 24 to 48 bytes a row. */
function sameText(): DuplicateFinder {
  let table = new Uint32Array(markWords << 10);
  let rows = 0;
  const fresh = new Growing(Uint32Array);

  /** False where it was there. */
  const put = (mark: Uint32Array): boolean => {
    const slots = table.length / markWords;
    for (let slot = mark[1] & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = slot * markWords;
      if (table[at] === 0) {
        table.set(mark, at);
        return true;
      }
      if (table[at] === mark[0] && table[at + 1] === mark[1] && table[at + 2] === mark[2]) return false;
    }
  };
  const add = (mark: Uint32Array): boolean => {
    if (2 * (rows + 1) * markWords > table.length) {
      const old = table;
      table = new Uint32Array(2 * old.length);
      for (let at = 0; at < old.length; at += markWords) if (old[at] !== 0) put(old.subarray(at, at + markWords));
    }
    if (!put(mark)) return false;
    rows++;
    return true;
  };
  return {
    seen(text) {
      const digest = createHash('sha256').update(wordsOf(text).join(' ')).digest();
      const mark = Uint32Array.of(digest.readUInt32LE(0) || 1, digest.readUInt32LE(4), digest.readUInt32LE(8)); // 0 is an empty place
      if (!add(mark)) return true;
      fresh.push(mark);
      return false;
    },
    takeMarks: () => fresh.drain(),
    remember(marks) {
      for (let at = 0; at < marks.length; at += markWords) add(marks.subarray(at, at + markWords));
    },
  };
}
