/**
 * NEFTune (Jain et al., 2023, arXiv:2310.05914): while it trains, a model reads every embedding with uniform noise of
 * magnitude α/√(L·C), for a text of L tokens. L is the length of the text itself, as in the paper, and not, as in Transformers,
 * that of the batch it is padded to: so it does not depend on what else is in a micro-batch.
 */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { rewrite, topological } from '../graph/walk.js';
import type { Model } from '../models/contract.js';
import { UserError } from '../util/errors.js';
import { Random } from '../util/random.js';
import { f32, type Tensor } from '../util/tensor.js';

/** A real input [B, T, width] to be fed with fresh noise at every call. */
export interface NoiseInput {
  readonly name: string;
  readonly width: number;
}

export function embeddingNoise({ hiddenSize, encoderDecoder }: Pick<Model, 'hiddenSize' | 'encoderDecoder'>): NoiseInput {
  if (encoderDecoder !== null) throw new UserError('`train.neftune_noise_alpha` is for models of one stack, and this one has an encoder and a decoder: leave it out.');
  return { name: 'embedding_noise', width: hiddenSize };
}

/** The same outputs with the noise added to every embedding of `input_ids`; as they are without one. */
export function withEmbeddingNoise(g: Builder, outputs: readonly Node[], noise: NoiseInput | null): readonly Node[] {
  if (noise === null) return outputs;
  const embeddings = embeddingsIn(outputs);
  const rewritten = rewrite(g, outputs, (node, inputs) => (embeddings.has(node) ? g.add(g.rebuild(node, inputs), g.input(noise.name, node.shape)) : null));
  return outputs.map((node) => rewritten.get(node)!);
}

/** What is looked up for `input_ids`, or that times the scale that a model gives it (Gemma 2). */
function embeddingsIn(outputs: readonly Node[]): ReadonlySet<Node> {
  const nodes = topological(outputs);
  const found = new Set(nodes.filter(({ kind, inputs: [, ids] }) => kind === 'gatherRows' && ids.kind === 'input' && ids.attrs.name === 'input_ids'));
  for (const node of nodes) {
    const [embedded, scale] = node.inputs;
    if (node.kind === 'mul' && scale.kind === 'constant' && found.delete(embedded)) found.add(node);
  }
  return found;
}

/** Noise for one micro-batch of these segments [B, T]; none where there is padding, of segment 0. A function of the key alone. */
export function drawNoise({ name, width }: NoiseInput, segments: Tensor, { alpha, key }: { readonly alpha: number; readonly key: readonly number[] }): Record<string, Tensor> {
  const random = new Random('neftune', ...key);
  const [rows, length] = segments.shape;
  const noise = f32([rows, length, width]);
  for (let row = 0; row < rows; row++) {
    const own = segments.data.subarray(row * length, (row + 1) * length);
    const lengths = new Map<number, number>();
    for (const segment of own) lengths.set(segment, (lengths.get(segment) ?? 0) + 1);
    for (const [t, segment] of own.entries()) {
      if (segment === 0) continue;
      const magnitude = alpha / Math.sqrt(lengths.get(segment)! * width);
      const start = (row * length + t) * width;
      for (let c = 0; c < width; c++) noise.data[start + c] = magnitude * (2 * random.uniform() - 1);
    }
  }
  return { [name]: noise };
}
