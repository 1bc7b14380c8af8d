/** BLEU of a corpus (Papineni et al., 2002), as sacrebleu 2 computes it by default: up to four words in a run, exponential smoothing (Post, 2018, arXiv:1804.08771). */
import { ngramCounts, sharedCount } from './words.js';

const longestRun = 4;

export interface TextPair {
  readonly label: string;
  readonly predict: string;
}

/** 0 to 100. One reference a text; 0 where no text has four words, as in sacrebleu. */
export function corpusBleu(pairs: readonly TextPair[]): number {
  const right = new Array<number>(longestRun).fill(0);
  const said = new Array<number>(longestRun).fill(0);
  let [saidLength, wantedLength] = [0, 0];
  for (const { label, predict } of pairs) {
    const [wanted, words] = [bleuWords(label), bleuWords(predict)];
    saidLength += words.length;
    wantedLength += wanted.length;
    for (let n = 1; n <= longestRun; n++) {
      right[n - 1] += sharedCount(ngramCounts(words, n), ngramCounts(wanted, n));
      said[n - 1] += Math.max(0, words.length - n + 1);
    }
  }
  if (right.every((count) => count === 0) || said.includes(0)) return 0;
  // Of runs of which none is right, p = 1 / (2ᵏ · said), k counting them.
  let smoothing = 1;
  const logs = right.map((count, i) => Math.log((count > 0 ? count : 1 / (smoothing *= 2)) / said[i]));
  const brevity = saidLength < wantedLength ? Math.exp(1 - wantedLength / saidLength) : 1;
  return 100 * brevity * Math.exp(logs.reduce((sum, log) => sum + log, 0) / longestRun);
}

/** Signs that stand alone: Chinese and Japanese ones, and their punctuation and wide forms. */
const sign = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u2e80-\u2fdf\u3000-\u303f\uff00-\uffef]/gu;

/** mteval-v13a's tokens, sacrebleu's default; with Chinese signs apart, as its `zh` has them. Case counts. */
export function bleuWords(text: string): string[] {
  const plain = text
    .replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ')
    .replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  return ` ${plain.replace(sign, ' $& ')} `
    .replace(/[{-~[-` -&(-+:-@/]/g, ' $& ')
    .replace(/([^0-9])([.,])/g, '$1 $2 ')
    .replace(/([.,])([^0-9])/g, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ')
    .split(/\s+/)
    .filter((word) => word !== '');
}
