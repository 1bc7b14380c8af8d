/** ROUGE (Lin, 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"), as Google's rouge_score computes it: F of one text by one wanted. */
import { ngramCounts, sharedCount } from './words.js';

/** F of the runs of `n` words that two lists share, 0 to 1. */
export function rougeN(wanted: readonly string[], said: readonly string[], n: number): number {
  const [inWanted, inSaid] = [ngramCounts(wanted, n), ngramCounts(said, n)];
  const runs = (words: readonly string[]) => Math.max(0, words.length - n + 1);
  return fMeasure(sharedCount(inWanted, inSaid), { wanted: runs(wanted), said: runs(said) });
}

/** F of the longest words in common that come in one order in both, not necessarily one after the other, 0 to 1. */
export function rougeL(wanted: readonly string[], said: readonly string[]): number {
  return fMeasure(commonLength(wanted, said), { wanted: wanted.length, said: said.length });
}

/** F = 2·P·R / (P + R) with P = shared / said and R = shared / wanted, which is 2·shared / (said + wanted); 0 where nothing is shared. */
function fMeasure(shared: number, { wanted, said }: { readonly wanted: number; readonly said: number }): number {
  return shared === 0 ? 0 : (2 * shared) / (said + wanted);
}

/** Length of the longest common subsequence. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  // length[j] is that of a[0 … i) and b[0 … j).
  let length = new Uint32Array(b.length + 1);
  for (const word of a) {
    const next = new Uint32Array(b.length + 1);
    for (let j = 1; j <= b.length; j++) next[j] = b[j - 1] === word ? length[j - 1] + 1 : Math.max(next[j - 1], length[j]);
    length = next;
  }
  return length[b.length];
}
