/**
 * Head and loss in chunks of labels: the logits [N, V] of a large vocabulary are the largest values of a step, and no two
 * chunks' have to be there together. Losses and gradients are sums over labels, so they are the same.
 */
import type { Batch } from '../data/collate.js';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Model } from '../models/contract.js';
import { f32, i32, type Tensor } from '../util/tensor.js';
import type { Tuning } from './tuning.js';

/** Logits of one chunk: 64 MB, beside the same of probabilities. */
const logitsAtATime = 1 << 24;

/** More make a step no smaller: other things are larger by then. */
const mostChunks = 32;

export interface LabelInputs {
  readonly rows: Node; //    [N] i32, flat indices into B·T of the positions that predict
  readonly ids: Node; //     [N] i32, what they predict
  readonly weights: Node; // [N], weight of the label / weight of all of the update
}

/**
 * How many chunks for micro-batches of so many labels. One where the head learns: its gradient is as large as the head,
 * and one a chunk would have to be added up.
 */
export function labelChunks(labels: number, { vocabSize }: Pick<Model, 'vocabSize'>, { trainable }: Pick<Tuning, 'trainable'>): number {
  if (trainable.some(({ shape }) => shape[0] === vocabSize)) return 1;
  return Math.max(1, Math.min(mostChunks, labels, Math.ceil((labels * vocabSize) / logitsAtATime)));
}

/** The inputs of each chunk, every chunk's length a symbol of its own. */
export function chunkInputs(g: Builder, chunks: number): LabelInputs[] {
  return suffixes(chunks).map((suffix) => {
    const shape = [`N${suffix}`];
    return { rows: g.input(`label_rows${suffix}`, shape, 'i32'), ids: g.input(`labels${suffix}`, shape, 'i32'), weights: g.input(`label_weights${suffix}`, shape) };
  });
}

/** Values for those symbols when a micro-batch has N labels. */
export function chunkLengths(labels: number, chunks: number): Record<string, number> {
  return Object.fromEntries(suffixes(chunks).map((suffix, i) => [`N${suffix}`, Math.max(1, bounds(labels, chunks, i).length)]));
}

/** What `chunkFeeds` takes of a micro-batch: its labels, and what they weigh where that is not all the same. */
export type WeighedLabels = Pick<Batch, 'labelWeights'> & { readonly inputs: Pick<Batch['inputs'], 'label_rows' | 'labels'> };

/** A micro-batch's labels as the chunks take them, their weights times `scale`; a chunk that none are left for gets one of weight 0. */
export function chunkFeeds({ inputs: { label_rows: rows, labels }, labelWeights }: WeighedLabels, scale: number, chunks: number): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [i, suffix] of suffixes(chunks).entries()) {
    const { start, end, length } = bounds(rows.data.length, chunks, i);
    const isEmpty = length === 0 && chunks > 1;
    const shape = [isEmpty ? 1 : length];
    feeds[`label_rows${suffix}`] = i32(shape, isEmpty ? [0] : rows.data.subarray(start, end));
    feeds[`labels${suffix}`] = i32(shape, isEmpty ? [0] : labels.data.subarray(start, end));
    const own = labelWeights?.subarray(start, end).map((weight) => scale * weight);
    feeds[`label_weights${suffix}`] = f32(shape, isEmpty || !own ? new Float32Array(shape[0]).fill(isEmpty ? 0 : scale) : own);
  }
  return feeds;
}

function bounds(labels: number, chunks: number, index: number): { start: number; end: number; length: number } {
  const size = Math.ceil(labels / chunks);
  const [start, end] = [Math.min(labels, index * size), Math.min(labels, (index + 1) * size)];
  return { start, end, length: end - start };
}

/** A single chunk has the plain names. */
function suffixes(chunks: number): string[] {
  return chunks === 1 ? [''] : Array.from({ length: chunks }, (_, i) => String(i));
}
