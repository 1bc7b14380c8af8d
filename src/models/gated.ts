/**
 * What Llama and its many kin have in common: blocks of a norm, attention, a norm and a gated MLP, each added to
 * the residual stream. A family's own file reads its config and says in values what is different about it.
 */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Activation } from '../nn/activation.js';
import { attention, splitHeads } from '../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Linear, type Norm } from '../nn/layers.js';
import { alibi, attentionBias, type Places, type Sight } from '../nn/mask.js';
import { rotaryAngles, rotate, type Angles, type Rope } from '../nn/rotary.js';
import { withPast } from './cache.js';
import type { Model, ModelInputs } from './contract.js';
import { decoderFacts, headEmbedding, type DecoderParts } from './decoder.js';

export interface GatedBlock {
  readonly norm1: Norm;
  /** Three maps, or one whose result is [query | key | value]. */
  readonly projections: readonly [query: Linear, key: Linear, value: Linear] | readonly [packed: Linear];
  /** Norms of each head's query and key, before they turn (Qwen 3). */
  readonly headNorms: readonly [query: Norm, key: Norm] | null;
  readonly out: Linear;
  readonly norm2: Norm;
  /** Two maps, or one whose result is [gate | up]. */
  readonly gated: readonly [gate: Linear, up: Linear] | readonly [packed: Linear];
  readonly down: Linear;
  /** Norms of what attention and MLP give, before it is added (Gemma 2). */
  readonly normsAfter: readonly [Norm, Norm] | null;
  readonly sights: readonly Sight[];
}

export interface GatedDecoder extends DecoderParts {
  readonly embeddingScale?: number;
  readonly blocks: readonly GatedBlock[];
  readonly activation: Activation;
  readonly lastNorm: Norm;
  /** Every row of the head divided by its length (Baichuan 2). */
  readonly headNormed?: boolean;
  /** How queries and keys turn; else `slopes` tell what is near from what is far. */
  readonly rope: Rope | null;
  readonly slopes?: readonly number[];
  /** Of the scores; 1/√D if not given. */
  readonly scale?: number;
  readonly scoreSoftcap?: number | null;
  readonly logitSoftcap?: number | null;
}

export function gatedDecoder(family: GatedDecoder): Model {
  const { tokens, blocks, lastNorm, rope, slopes, embeddingScale = 1 } = family;
  const head = headEmbedding(tokens, family.head);
  const linears = blocks.flatMap(({ projections, out, gated, down }) => [...projections, out, ...gated, down]);
  const norms = blocks.flatMap(({ norm1, norm2, headNorms, normsAfter }) => [norm1, norm2, ...(headNorms ?? []), ...(normsAfter ?? [])]);
  return {
    ...decoderFacts(family, blocks.length),
    parameters: [
      ...embeddingParameters(tokens),
      ...linears.flatMap(linearParameters),
      ...[...norms, lastNorm].flatMap(normParameters),
      ...(family.head.tied ? [] : embeddingParameters(head)),
    ],
    linears,

    forward(g, inputs) {
      const keys = inputs.cache ?? inputs;
      const angles = rope === null ? null : rotaryAngles(g, inputs.positions, rope);
      const embedded = embedding(g, inputs.ids, tokens); // [B,T,C]
      const start = embeddingScale === 1 ? embedded : g.mul(embedded, embeddingScale);
      const hidden = blocks.reduce((x, block, index) => runBlock(g, x, block, { family, index, angles, bias: biasOf(g, { block, inputs, keys, slopes }), cache: inputs.cache }), start);
      const weight = embeddingTable(g, head);
      return {
        hidden: norm(g, hidden, lastNorm),
        head: { weight: family.headNormed === true ? unitRows(g, weight) : weight, softcap: family.logitSoftcap ?? undefined },
      };
    },
  };
}

/** Blocks that see the same share one node. */
function biasOf(g: Builder, { block, inputs, keys, slopes }: { block: GatedBlock; inputs: Places; keys: Places; slopes?: readonly number[] }): Node {
  const bias = attentionBias(g, inputs, keys, block.sights);
  return slopes === undefined ? bias : g.add(bias, alibi(g, keys.positions, slopes));
}

interface Context {
  readonly family: GatedDecoder;
  readonly index: number;
  readonly bias: Node;
  readonly angles: Angles | null;
  readonly cache: ModelInputs['cache'];
}

/** x + attention(norm(x)), then x + down(act(gate(norm(x))) · up(norm(x))); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: GatedBlock, { family, index, bias, angles, cache }: Context): Node {
  const { heads, keyValueHeads, headSize } = family.sizes;
  const [q, k, v] = projected(g, norm(g, x, block.norm1), block.projections, [heads, keyValueHeads, keyValueHeads].map((count) => count * headSize));
  const turned = (heads: Node, which: 0 | 1): Node => {
    const normed = block.headNorms ? norm(g, heads, block.headNorms[which]) : heads;
    return angles === null ? normed : rotate(g, normed, angles);
  };
  const query = turned(splitHeads(g, q, heads), 0); //             [B,H,T,D]
  const newKey = turned(splitHeads(g, k, keyValueHeads), 1); //    [B,K,T,D]
  const newValue = splitHeads(g, v, keyValueHeads); //             [B,K,T,D]
  const { key, value } = withPast(g, cache, index, { key: newKey, value: newValue });
  const scale = family.scale ?? 1 / Math.sqrt(headSize);
  const attended = linear(g, attention(g, { query, key, value, bias, scale, softcap: family.scoreSoftcap }), block.out);
  const middle = g.add(x, block.normsAfter ? norm(g, attended, block.normsAfter[0]) : attended);

  const inner = block.down.inputSize;
  const [gate, up] = projected(g, norm(g, middle, block.norm2), block.gated, [inner, inner]); // [B,T,inner] each
  const mapped = linear(g, g.mul(family.activation(g, gate), up), block.down);
  return g.add(middle, block.normsAfter ? norm(g, mapped, block.normsAfter[1]) : mapped);
}

/** Parts of the given widths, from as many maps or out of one. */
function projected(g: Builder, x: Node, maps: readonly Linear[], widths: readonly number[]): Node[] {
  if (maps.length === widths.length) return maps.map((map) => linear(g, x, map));
  const packed = linear(g, x, maps[0]);
  let start = 0;
  return widths.map((width) => g.slice(packed, 2, start, (start += width)));
}

/** Rows of length 1, as torch.nn.functional.normalize makes them. */
function unitRows(g: Builder, weight: Node): Node {
  return g.div(weight, g.sqrt(g.sum(g.square(weight), [1], true)));
}
