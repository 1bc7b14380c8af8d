/** Scores of texts against Google's rouge_score and sacrebleu (test/golden/texts.py). */
import { describe, expect, it } from 'vitest';
import { bleuWords, corpusBleu, type TextPair } from '../../src/metrics/bleu.js';
import { rougeL, rougeN } from '../../src/metrics/rouge.js';
import { scoreTexts } from '../../src/metrics/texts.js';
import { wordsOf } from '../../src/metrics/words.js';
import { goldenFolder, readJson } from '../golden/support.js';

interface Case {
  readonly name: string;
  readonly pairs: readonly TextPair[];
  readonly rouge: readonly { readonly rouge1: number; readonly rouge2: number; readonly rougeL: number }[];
  readonly bleu: number;
  readonly bleu_each: readonly number[];
}

const cases = readJson<Case[]>(goldenFolder, 'texts.json');

describe.each(cases)('$name', ({ pairs, rouge, bleu, bleu_each: bleuEach }) => {
  it.each(pairs.map((pair, i) => ({ ...pair, wanted: rouge[i] })))('has the ROUGE of “$predict” by “$label”', ({ label, predict, wanted }) => {
    const [a, b] = [wordsOf(label), wordsOf(predict)];
    expect(rougeN(a, b, 1)).toBeCloseTo(wanted.rouge1, 12);
    expect(rougeN(a, b, 2)).toBeCloseTo(wanted.rouge2, 12);
    expect(rougeL(a, b)).toBeCloseTo(wanted.rougeL, 12);
  });

  it('has the BLEU of all and of each', () => {
    expect(corpusBleu(pairs)).toBeCloseTo(bleu, 9);
    expect(pairs.map((pair) => corpusBleu([pair]))).toEqual(bleuEach.map((score) => expect.closeTo(score, 9)));
  });

  it('has the means of ROUGE in hundredths', () => {
    const mean = (name: 'rouge1' | 'rouge2' | 'rougeL') => (100 * rouge.reduce((sum, row) => sum + row[name], 0)) / rouge.length;
    expect(scoreTexts(pairs)).toMatchObject({ rouge1: expect.closeTo(mean('rouge1'), 9), rouge2: expect.closeTo(mean('rouge2'), 9), rougeL: expect.closeTo(mean('rougeL'), 9), bleu: expect.closeTo(bleu, 9) });
  });
});

describe('words', () => {
  it('are letters and numbers of any script, each Chinese or Japanese sign by itself', () => {
    expect(wordsOf('Über 3 Größen: GPT-2 用日本語カナ')).toEqual(['über', '3', 'größen', 'gpt', '2', '用', '日', '本', '語', 'カ', 'ナ']);
    expect(bleuWords('价格：3.5元，很好')).toEqual(['价', '格', '：', '3.5', '元', '，', '很', '好']);
  });

  it('are the same texts only where nothing but space around them differs', () => {
    const of = (label: string, predict: string) => scoreTexts([{ label, predict }]).exact_match;
    expect([of('rot', ' rot\n'), of('rot', 'Rot'), of('rot', 'rot.')]).toEqual([100, 0, 0]);
    expect(scoreTexts([{ label: 'a b', predict: 'a b' }, { label: 'a', predict: 'b' }]).exact_match).toBe(50);
  });
});
