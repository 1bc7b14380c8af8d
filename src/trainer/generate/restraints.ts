import type { GenerationConfig } from '../../models/generation.js';

/** What may not be said next. */
export interface Restraints extends Pick<GenerationConfig, 'noRepeatNgramSize' | 'minNewTokens' | 'lastId'> {
  readonly maxNewTokens: number;
  readonly stopIds: readonly number[];
}

/**
 * Scores [V] of the token after `sequence`, of which the last `said` were chosen: what may not come is −∞. In the order of Transformers'
 * logits processors, in place.
 */
export function restrain(scores: Float32Array, { sequence, said }: { readonly sequence: readonly number[]; readonly said: number }, { noRepeatNgramSize, minNewTokens, lastId, maxNewTokens, stopIds }: Restraints): Float32Array {
  for (const id of repeating(sequence, noRepeatNgramSize)) scores[id] = -Infinity;
  if (said < minNewTokens) for (const id of stopIds) scores[id] = -Infinity;
  if (lastId !== null && said === maxNewTokens - 1) scores.fill(-Infinity)[lastId] = 0;
  return scores;
}

/** Tokens that would say some n-gram of a sequence again (Paulus et al., 2017, arXiv:1705.04304 §2.5). */
function repeating(sequence: readonly number[], n: number): number[] {
  if (n === 0) return [];
  const begun = sequence.slice(sequence.length - n + 1);
  return sequence.flatMap((id, at) => (at >= n - 1 && begun.every((each, i) => sequence[at - n + 1 + i] === each) ? [id] : []));
}
