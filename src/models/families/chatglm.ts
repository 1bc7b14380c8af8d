/**
 * ChatGLM-6B (Du et al., 2022, arXiv:2103.10360; Zeng et al., 2022, arXiv:2210.02414): the tokens of a prompt all see each
 * other, its answer is written after `[gMASK] <sop>`. One half of each head turns by the place in the prompt, where the
 * answer's tokens all stand at [gMASK], the other by the place in the answer. Reference: modeling_chatglm.py beside the
 * model's own files (of 130,528 tokens), since Transformers has no ChatGLM.
 */
import { z } from 'zod';
import type { Builder } from '../../graph/builder.js';
import type { Node } from '../../graph/node.js';
import { activations } from '../../nn/activation.js';
import { norm } from '../../nn/layers.js';
import { attentionBias, causal } from '../../nn/mask.js';
import { mlp } from '../../nn/mlp.js';
import { rotaryAngles, rotaryFrequencies, rotate, type Angles } from '../../nn/rotary.js';
import { UserError } from '../../util/errors.js';
import { idList, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model, ModelInputs } from '../contract.js';
import { headSizesOf } from '../decoder.js';
import { fusedDecoder, megatronBlock, selfAttention, type AttentionContext, type FusedBlock } from '../fused.js';

const schema = z.object({
  vocab_size: size,
  hidden_size: size.default(4096),
  inner_hidden_size: size.default(16_384),
  num_layers: size.default(28),
  num_attention_heads: size.default(32),
  layernorm_epsilon: z.number().positive().default(1e-5),
  max_sequence_length: size.default(2048),
  position_encoding_2d: z.literal(true, { error: 'one-dimensional positions are not supported' }).default(true),
  pre_seq_len: z.null({ error: 'a learned prefix (P-Tuning) is not supported' }).optional(),
  quantization_bit: z.literal([0, null], { error: 'weights in 4 or 8 bits are not supported; take those in 16' }).optional(),
  tie_word_embeddings: z.boolean().default(true), // Transformers' default, on which the released files rely
  bos_token_id: tokenId.default(130_004),
  eos_token_id: tokenIds.default(130_005),
});

interface Block extends FusedBlock {
  /** α = √(2·layers) (DeepNorm, arXiv:2203.00555), on what is added to. */
  readonly alpha: number;
}

function block(config: z.output<typeof schema>, index: number): Block {
  const { hidden_size: width, inner_hidden_size: inner, num_attention_heads: heads, layernorm_epsilon: epsilon } = config;
  const sizes = { width, inner, heads, epsilon, std, activation: activations.gelu_new };
  return { ...megatronBlock(index, { blocks: 'transformer.layers', attention: 'attention' }, sizes), alpha: Math.sqrt(2 * config.num_layers) };
}

/** The original draws none; what its kin begin with. */
const std = 0.02;

/** h = α·norm₁(x) + attention(norm₁(x)), then α·norm₂(h) + mlp(norm₂(h)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, context: AttentionContext): Node {
  const first = norm(g, x, block.norm1);
  const second = norm(g, g.add(g.mul(first, block.alpha), selfAttention(g, first, block, context)), block.norm2);
  return g.add(g.mul(second, block.alpha), mlp(g, second, block));
}

/** Heads [B, H, T, D]: their first half by the place in the prompt, the second by that in the answer. */
function turnHalves(g: Builder, heads: Node, [inPrompt, inAnswer]: readonly [Angles, Angles]): Node {
  const headSize = Number(heads.shape[3]);
  const half = headSize / 2;
  return g.concat([rotate(g, g.slice(heads, 3, 0, half), inPrompt), rotate(g, g.slice(heads, 3, half, headSize), inAnswer)], 3);
}

export function chatGlm(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width } = config;
  const sizes = headSizesOf(config);
  const { headSize } = sizes;
  if (headSize % 4 !== 0) throw new UserError(`each half of a head turns in pairs, so its size ${headSize} must be a multiple of 4`);
  const [answerStartId] = idList(config.bos_token_id, vocabSize);
  if (answerStartId === undefined) throw new UserError(`bos_token_id: ${String(config.bos_token_id)} is none of ${vocabSize} tokens`);
  const frequencies = rotaryFrequencies(headSize / 2, 10_000).map(inHalfPrecision);
  const model = fusedDecoder({
    modelType: 'chatglm',
    config: raw,
    ends: config,
    contextLength: config.max_sequence_length,
    sizes,
    tokens: { module: 'transformer.word_embeddings', rows: vocabSize, width, std },
    head: { module: 'lm_head', tied: config.tie_word_embeddings },
    names: { body: 'transformer.', blocks: 'transformer.layers', derived: /(^|\.)rotary_emb\.inv_freq$/ },
    loraTargets: ['query_key_value'],
    blocks: Array.from({ length: config.num_layers }, (_, index) => block(config, index)),
    lastNorm: { module: 'transformer.final_layernorm', kind: 'layer', width, epsilon: config.layernorm_epsilon },
    context: (g, inputs) => contextOf(g, inputs, frequencies),
    runBlock,
  });
  return { ...model, stages: ['sft'], answerStartId }; // a text that is no answer has no prompt to see whole
}

function contextOf(g: Builder, inputs: ModelInputs, frequencies: readonly number[]): AttentionContext {
  const place = placesOf(inputs);
  const keys = inputs.cache ?? inputs;
  // A prompt's tokens are all at place 0, so that what is causal by places lets them see each other.
  const bias = attentionBias(g, { ...inputs, positions: place }, { ...keys, positions: placesOf(keys) }, [causal]);
  const inPrompt = g.sub(inputs.positions, place); // the answer's tokens: where [gMASK] is, right before them
  const angles = [rotaryAngles(g, inPrompt, { frequencies }), rotaryAngles(g, place, { frequencies })] as const;
  return { bias, cache: inputs.cache, turn: (heads) => turnHalves(g, heads, angles) };
}

function placesOf({ blocks }: { readonly blocks?: Node }): Node {
  if (blocks === undefined) throw new Error('ChatGLM was not told where the answer starts');
  return blocks;
}

/** The original keeps its frequencies in 16 bits, in any precision of the model; they are all above 2⁻¹⁴. */
function inHalfPrecision(frequency: number): number {
  const unit = 2 ** (Math.floor(Math.log2(frequency)) - 10);
  return Math.round(frequency / unit) * unit;
}
