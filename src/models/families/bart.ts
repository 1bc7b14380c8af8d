/**
 * BART (Lewis et al., 2019, arXiv:1910.13461): an encoder reads a text, a decoder writes its answer and attends to it.
 * Norms come after each sum. Reference: transformers/models/bart/modeling_bart.py.
 */
import { z } from 'zod';
import type { Builder } from '../../graph/builder.js';
import type { Node } from '../../graph/node.js';
import { activations } from '../../nn/activation.js';
import { attention, splitHeads } from '../../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../../nn/layers.js';
import { attentionBias, causal, crossBias } from '../../nn/mask.js';
import { mlp, type Mlp } from '../../nn/mlp.js';
import { UserError } from '../../util/errors.js';
import { withPast } from '../cache.js';
import { activationName, idList, parseConfig, textEnds, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { KeyValue, Model, ModelInputs, Source, SourceTokens } from '../contract.js';
import { named } from '../naming.js';

const schema = z.object({
  vocab_size: size,
  d_model: size.default(1024),
  encoder_layers: size.default(12),
  decoder_layers: size.default(12),
  encoder_attention_heads: size.default(16),
  decoder_attention_heads: size.default(16),
  encoder_ffn_dim: size.default(4096),
  decoder_ffn_dim: size.default(4096),
  activation_function: activationName.default('gelu'),
  max_position_embeddings: size.default(1024),
  init_std: z.number().positive().default(0.02),
  scale_embedding: z.boolean().default(false),
  tie_word_embeddings: z.literal(true, { error: 'a head of its own is not supported' }).default(true),
  bos_token_id: tokenId.default(0),
  eos_token_id: tokenIds.default(2),
  decoder_start_token_id: tokenId.default(2),
});

type Config = z.output<typeof schema>;

/** The position tables begin behind two rows that are not used. */
const firstPosition = 2;
const epsilon = 1e-5;

interface Attention {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;
  readonly norm: Norm;
  readonly heads: number;
}

interface Block extends Mlp {
  readonly self: Attention;
  /** To the encoder's result. */
  readonly cross: Attention | null;
  readonly norm: Norm;
}

interface Stack {
  readonly positions: Embedding;
  readonly firstNorm: Norm;
  readonly blocks: readonly Block[];
}

function stack(config: Config, side: 'encoder' | 'decoder'): Stack {
  const { d_model: width, init_std: std } = config;
  const [layers, heads, inner] = [config[`${side}_layers`], config[`${side}_attention_heads`], config[`${side}_ffn_dim`]];
  if (width % heads !== 0) throw new UserError(`d_model ${width} is not a multiple of ${side}_attention_heads ${heads}`);
  const map = (module: string, inputSize: number, outputSize: number): Linear => ({ module, inputSize, outputSize, bias: true, transposeW: true, std });
  const layerNorm = (module: string): Norm => ({ module, kind: 'layer', width, epsilon });
  const attending = (module: string): Attention => {
    const [query, key, value, out] = ['q', 'k', 'v', 'out'].map((name) => map(`${module}.${name}_proj`, width, width));
    return { query, key, value, out, norm: layerNorm(`${module}_layer_norm`), heads };
  };
  const block = (_: unknown, index: number): Block => {
    const at = `model.${side}.layers.${index}`;
    return {
      self: attending(`${at}.self_attn`),
      cross: side === 'decoder' ? attending(`${at}.encoder_attn`) : null,
      up: map(`${at}.fc1`, width, inner),
      down: map(`${at}.fc2`, inner, width),
      norm: layerNorm(`${at}.final_layer_norm`),
      activation: activations[config.activation_function],
    };
  };
  return {
    positions: { module: `model.${side}.embed_positions`, rows: config.max_position_embeddings + firstPosition, width, std },
    firstNorm: layerNorm(`model.${side}.layernorm_embedding`),
    blocks: Array.from({ length: layers }, block),
  };
}

function linearsOf({ self, cross, up, down }: Block): Linear[] {
  return [self, ...(cross ? [cross] : [])].flatMap(({ query, key, value, out }) => [query, key, value, out]).concat(up, down);
}

function normsOf({ self, cross, norm: last }: Block): Norm[] {
  return [self.norm, ...(cross ? [cross.norm] : []), last];
}

function keysOf(g: Builder, x: Node, { key, value, heads }: Attention): KeyValue {
  return { key: splitHeads(g, linear(g, x, key), heads), value: splitHeads(g, linear(g, x, value), heads) }; // [B,H,S,D]
}

/** norm(x + attention(x)); x [B, T, C] */
function attend(g: Builder, x: Node, { query, out, norm: after, heads }: Attention, { key, value, bias }: KeyValue & { readonly bias: Node }): Node {
  const attended = attention(g, { query: splitHeads(g, linear(g, x, query), heads), key, value, bias, scale: Math.sqrt(heads / out.outputSize) });
  return norm(g, g.add(x, linear(g, attended, out)), after);
}

/** norm(x + mlp(x)) */
function mapped(g: Builder, x: Node, block: Block): Node {
  return norm(g, g.add(x, mlp(g, x, block)), block.norm);
}

export function bart(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, d_model: width, init_std: std, encoder_layers: encoderLayers } = config;
  const [startId] = idList(config.decoder_start_token_id, vocabSize);
  if (startId === undefined) throw new UserError(`decoder_start_token_id: ${String(config.decoder_start_token_id)} is none of ${vocabSize} tokens`);
  const tokens: Embedding = { module: 'model.shared', rows: vocabSize, width, std };
  const [encoder, decoder] = [stack(config, 'encoder'), stack(config, 'decoder')];
  const blocks = [...encoder.blocks, ...decoder.blocks];
  const linears = blocks.flatMap(linearsOf);
  const names = named({
    body: 'model.', blocks: 'model.encoder.layers', tied: { embedding: 'model.shared.weight', head: 'lm_head.weight' },
    derived: /^(model\.)?(encoder|decoder)\.embed_tokens\.weight$|^classification_head\./,
  });
  const layerOf = (parameter: string): number | null => {
    const inDecoder = named({ body: '', blocks: 'model.decoder.layers', tied: null }).layerOf(parameter);
    return inDecoder === null ? names.layerOf(parameter) : encoderLayers + inDecoder;
  };
  const embedded = (g: Builder, { ids, positions }: Pick<ModelInputs, 'ids' | 'positions'>, side: Stack): Node => {
    const words = embedding(g, ids, tokens);
    const scaled = config.scale_embedding ? g.mul(words, Math.sqrt(width)) : words;
    return norm(g, g.add(scaled, embedding(g, g.add(positions, firstPosition), side.positions)), side.firstNorm); // [B,T,C]
  };
  const encode = (g: Builder, source: SourceTokens): KeyValue[] => {
    const bias = attentionBias(g, source, source, []);
    const hidden = encoder.blocks.reduce((x, b) => mapped(g, attend(g, x, b.self, { ...keysOf(g, x, b.self), bias }), b), embedded(g, source, encoder));
    return decoder.blocks.flatMap(({ cross }) => (cross ? [keysOf(g, hidden, cross)] : []));
  };
  return {
    modelType: 'bart',
    config: { ...raw, architectures: ['BartForConditionalGeneration'] },
    vocabSize,
    hiddenSize: width,
    layerCount: blocks.length,
    keyValueHeads: config.decoder_attention_heads,
    headSize: width / config.decoder_attention_heads,
    contextLength: config.max_position_embeddings,
    ...textEnds(config, vocabSize),
    task: 'target-text',
    stages: ['seq2seq'],
    classes: [],
    newModules: [],
    headModules: [],
    answerStartId: null,
    encoderDecoder: { decoderLayers: decoder.blocks.length, startId, encode },
    parameters: [
      ...[tokens, encoder.positions, decoder.positions].flatMap(embeddingParameters),
      ...linears.flatMap(linearParameters),
      ...[encoder.firstNorm, decoder.firstNorm, ...blocks.flatMap(normsOf)].flatMap(normParameters),
      { name: 'final_logits_bias', shape: [1, vocabSize], init: { kind: 'zeros' }, decay: false, constant: true },
    ],
    linears,
    loraTargets: ['q_proj', 'v_proj'],
    tied: names.tied,
    layerOf,
    storedAs: (parameter) => names.storedAs(parameter),
    isDerived: (tensor) => names.isDerived(tensor),

    forward(g, inputs) {
      const source = sourceOf(inputs);
      const read = 'cross' in source ? decoder.blocks.map((_, layer) => source.cross(layer)) : encode(g, source);
      const bias = attentionBias(g, inputs, inputs.cache ?? inputs, [causal]);
      const across = crossBias(g, inputs.segments, source.segments);
      const hidden = decoder.blocks.reduce((x, b, layer) => {
        const written = attend(g, x, b.self, { ...withPast(g, inputs.cache, layer, keysOf(g, x, b.self)), bias });
        return mapped(g, b.cross ? attend(g, written, b.cross, { ...read[layer], bias: across }) : written, b);
      }, embedded(g, inputs, decoder));
      return { hidden, head: { weight: embeddingTable(g, tokens), bias: g.reshape(g.variable('final_logits_bias', [1, vocabSize]), [vocabSize]) } };
    },
  };
}

function sourceOf({ source }: ModelInputs): Source {
  if (source === undefined) throw new Error('an encoder–decoder was given no source');
  return source;
}
