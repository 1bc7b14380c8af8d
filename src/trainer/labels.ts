/**
 * Head and loss in chunks of labels: the logits [N, V] of a large vocabulary are the largest values of a step, and no two
 * chunks' have to be there together. Losses and gradients are sums over labels, so they are the same.
 *
 *   chunk by chunk   losses, d loss / d rows, and where the head learns dW ← dW + dlogitsᵀ·rows
 *   then             the gradient of all rows goes down through the blocks
 */
import type { Batch } from '../data/batch/collate.js';
import type { Builder } from '../graph/builder.js';
import { gradient } from '../graph/gradient.js';
import type { Node } from '../graph/node.js';
import { topological } from '../graph/walk.js';
import type { Model } from '../models/contract.js';
import { f32, i32, sizeOf, type Tensor } from '../util/tensor.js';
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
 * How many chunks for micro-batches of so many labels. Where the head learns, a chunk's part of its gradient is as large as
 * the head and is added to those before it: a chunk's logits are then no smaller than that.
 */
export function labelChunks(labels: number, { vocabSize }: Pick<Model, 'vocabSize'>, { trainable }: Pick<Tuning, 'trainable'>): number {
  const learned = Math.max(0, ...trainable.map(({ shape }) => (shape[0] === vocabSize ? sizeOf(shape) : 0)));
  if (labels * vocabSize <= 2 * learned) return 1; // the sum and what is added to it would take as much
  return Math.max(1, Math.min(mostChunks, labels, Math.ceil((labels * vocabSize) / Math.max(logitsAtATime, learned))));
}

export interface LabelSlopes {
  readonly loss: Node;
  /** d loss / d rows of each chunk, by its rows. */
  readonly ofRows: ReadonlyMap<Node, Node>;
  /** d loss / d parameter of the head's own. */
  readonly ofHead: ReadonlyMap<Node, Node>;
}

/**
 * The loss of all chunks and its gradient down to their `rows` [N, C], one chunk after the other: each loss waits for the
 * gradient of its chunk, and then its logits have done all they are for. `parameters` are those that learn.
 */
export function labelSlopes(g: Builder, chunks: readonly { readonly loss: Node; readonly rows: Node }[], parameters: ReadonlySet<Node>): LabelSlopes {
  const below = topological(chunks.map(({ rows }) => rows));
  const goesOn = below.some((node) => parameters.has(node));
  const ofRows = new Map<Node, Node>();
  const ofHead = new Map<Node, Node>();
  const losses = chunks.map(({ loss, rows }) => {
    const own = between(loss, rows).filter((node) => parameters.has(node));
    const slopes = gradient<Node>(g, loss, goesOn ? [rows, ...own] : own, { until: [rows] });
    if (goesOn) ofRows.set(rows, slopes.get(rows)!);
    for (const parameter of own) {
      const before = ofHead.get(parameter);
      ofHead.set(parameter, before === undefined ? slopes.get(parameter)! : g.add(before, slopes.get(parameter)!));
    }
    if (chunks.length === 1) return loss;
    return [...(goesOn ? [slopes.get(rows)!] : []), ...own.map((parameter) => ofHead.get(parameter)!)].reduce((done: Node, slope) => g.op('after', [done, slope], {}), loss);
  });
  return { loss: losses.reduce((sum, part) => g.add(sum, part)), ofRows, ofHead };
}

/** What a loss is made of down to `rows`, without what those are made of. */
function between(loss: Node, rows: Node): Node[] {
  const found = new Set<Node>([rows]);
  const open = [loss];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    open.push(...node.inputs);
  }
  return [...found];
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
