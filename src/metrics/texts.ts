/** How near texts are to those wanted: what summaries, translations and answers are measured by. */
import { corpusBleu, type TextPair } from './bleu.js';
import { rougeL, rougeN } from './rouge.js';
import { wordsOf } from './words.js';

/**
 * By the names of Hugging Face's `evaluate`: F of shared words, of shared pairs of words, and of the longest words in common in one
 * order (means over the texts); BLEU-4 of all texts as one corpus; share of texts that are the ones wanted, but for space around them.
 */
export const textScoreNames = ['rouge1', 'rouge2', 'rougeL', 'bleu', 'exact_match'] as const;

/** All of 0 to 100, as papers have them. */
export type TextScores = Readonly<Record<(typeof textScoreNames)[number], number>>;

/** What a person reads for each. */
export const textScoreTitles: Readonly<Record<keyof TextScores, string>> = { rouge1: 'ROUGE-1', rouge2: 'ROUGE-2', rougeL: 'ROUGE-L', bleu: 'BLEU-4', exact_match: 'exact' };

/** Of at least one pair. */
export function scoreTexts(pairs: readonly TextPair[]): TextScores {
  const mean = (score: (wanted: string[], said: string[]) => number): number => (100 * pairs.reduce((sum, { label, predict }) => sum + score(wordsOf(label), wordsOf(predict)), 0)) / pairs.length;
  return {
    rouge1: mean((wanted, said) => rougeN(wanted, said, 1)),
    rouge2: mean((wanted, said) => rougeN(wanted, said, 2)),
    rougeL: mean(rougeL),
    bleu: corpusBleu(pairs),
    exact_match: (100 * pairs.filter(({ label, predict }) => label.trim() === predict.trim()).length) / pairs.length,
  };
}
