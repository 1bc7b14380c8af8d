import type { Experiment } from '../config/schema.js';
import type { Filling } from '../data/batch/extent.js';
import type { Model } from '../models/contract.js';

/** How documents share rows of a batch: what the loader, an evaluation and the estimate have to agree on. */
export function fillingOf({ train, stage }: Pick<Experiment, 'train' | 'stage'>, model: Pick<Model, 'linears' | 'hiddenSize' | 'layerCount'>): Filling {
  return { pairs: stage === 'seq2seq', attention: train.padding_free ? attentionCost(model) : null };
}

/**
 * What it costs a token to see one other, as a share of what the maps of all blocks cost for it. With L layers of width C, a
 * product is two forward and four backward, a map one and one, and what is done to scores between the products takes as long as
 * four products more (measured: 1024 tokens of GPT-2 small in rows of 128, 256, 512 and 1024):
 *   (2 + 4 + 4) / 2 · L·C / Σ in·out
 */
function attentionCost({ linears, hiddenSize, layerCount }: Pick<Model, 'linears' | 'hiddenSize' | 'layerCount'>): number {
  return (5 * layerCount * hiddenSize) / linears.reduce((sum, { inputSize, outputSize }) => sum + inputSize * outputSize, 0);
}
