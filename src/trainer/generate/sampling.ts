import type { Random } from '../../util/random.js';

export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** Only the k likeliest tokens; 0: all. */
  readonly topK: number;
  /** Only the likeliest tokens that together reach this probability; 1: all. */
  readonly topP: number;
}

export const greedy: SamplingOptions = { temperature: 0, topK: 0, topP: 1 };

/** Chooses the next token from logits [V], in the order of Transformers' warpers: temperature, top-k, top-p. */
export function nextToken(logits: ArrayLike<number>, { temperature, topK, topP }: SamplingOptions, random: Random): number {
  if (temperature === 0) return argMax(logits);
  const order = Uint32Array.from({ length: logits.length }, (_, i) => i).sort((a, b) => logits[b] - logits[a]);
  const candidates = topK > 0 ? order.subarray(0, topK) : order;

  const highest = logits[candidates[0]];
  const weights = Float64Array.from(candidates, (id) => Math.exp((logits[id] - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  // The smallest head of the order that reaches top-p; never empty.
  let kept = 0;
  let mass = 0;
  while (kept < weights.length && (kept === 0 || mass < topP * total)) mass += weights[kept++];

  let left = random.uniform() * mass;
  for (let i = 0; i < kept; i++) {
    left -= weights[i];
    if (left < 0) return candidates[i];
  }
  return candidates[kept - 1];
}

function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
