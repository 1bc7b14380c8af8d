/**
 * What BERT and RoBERTa have in common: every token sees every other, norms come after each sum, and one of two
 * heads reads the result: a word for each masked token, or a class for the whole text from its first token.
 */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Activation } from '../nn/activation.js';
import { attention, splitHeads } from '../nn/attention.js';
import type { Head } from '../nn/head.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../nn/layers.js';
import { attentionBias } from '../nn/mask.js';
import { mlp } from '../nn/mlp.js';
import type { ParameterSpec } from '../nn/parameter.js';
import type { Model } from './contract.js';
import { named } from './naming.js';

interface EncoderSizes {
  readonly vocabSize: number;
  readonly width: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly std: number;
  readonly epsilon: number;
}

/** What stands behind the encoder: maps and norms by their names in files. */
export interface EncoderHead {
  /** dense, then its activation and, before words, a norm */
  readonly dense: Linear;
  readonly activation: Activation;
  readonly norm: Norm | null;
  /** What chooses: the words' embedding with a bias of its own, or a map to classes. */
  readonly out: { readonly bias: string } | Linear;
}

type Facts = Pick<Model, 'modelType' | 'config' | 'contextLength' | 'bosTokenId' | 'eosTokenIds' | 'task' | 'stages' | 'classes' | 'newModules' | 'headModules'>;

export interface Encoder {
  readonly facts: Facts;
  /** What names of the body begin with: `bert`. */
  readonly root: string;
  readonly sizes: EncoderSizes;
  readonly positionRows: number;
  /** Added to positions: RoBERTa's table begins behind the padding token. */
  readonly firstPosition: number;
  readonly typeRows: number;
  readonly activation: Activation;
  readonly head: EncoderHead;
  /** Tensors of heads that this task does not have. */
  readonly otherHeads: RegExp;
}

interface Block {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;
  readonly norm1: Norm;
  readonly up: Linear;
  readonly down: Linear;
  readonly norm2: Norm;
}

export function encoderModel(family: Encoder): Model {
  const { root, sizes, head } = family;
  const { vocabSize, width, heads, std, epsilon } = sizes;
  const table = (module: string, rows: number): Embedding => ({ module: `${root}.embeddings.${module}`, rows, width, std });
  const tokens = table('word_embeddings', vocabSize);
  const positions = table('position_embeddings', family.positionRows);
  const types = table('token_type_embeddings', family.typeRows);
  const firstNorm: Norm = { module: `${root}.embeddings.LayerNorm`, kind: 'layer', width, epsilon };
  const blocks = Array.from({ length: sizes.layers }, (_, index) => block(`${root}.encoder.layer.${index}`, sizes));
  const linears = blocks.flatMap(({ query, key, value, out, up, down }) => [query, key, value, out, up, down]);
  const names = named({ body: `${root}.`, blocks: `${root}.encoder.layer`, tied: null, derived: /(^|\.)embeddings\.position_ids$/ });
  return {
    ...family.facts,
    encoderDecoder: null,
    answerStartId: null,
    vocabSize,
    hiddenSize: width,
    layerCount: sizes.layers,
    keyValueHeads: heads,
    headSize: width / heads,
    parameters: [
      ...[tokens, positions, types].flatMap(embeddingParameters),
      ...linears.flatMap(linearParameters),
      ...[firstNorm, ...blocks.flatMap((b) => [b.norm1, b.norm2])].flatMap(normParameters),
      ...headParameters(head, vocabSize),
    ],
    linears,
    loraTargets: ['query', 'value'],
    tied: typeof head.out.bias === 'string' ? { embedding: `${tokens.module}.weight`, head: head.out.bias.replace(/bias$/, 'decoder.weight') } : null,
    layerOf: (parameter) => names.layerOf(parameter),
    storedAs: (parameter) => names.storedAs(parameter).flatMap((name) => [name, olderNorm(name)]),
    isDerived: (tensor) => names.isDerived(tensor) || family.otherHeads.test(tensor),

    forward(g, inputs) {
      const placed = family.firstPosition === 0 ? inputs.positions : g.add(inputs.positions, family.firstPosition);
      const type = g.slice(embeddingTable(g, types), 0, 0, 1); // [1, C]: all is the first text
      const embedded = g.add(g.add(embedding(g, inputs.ids, tokens), type), embedding(g, placed, positions)); // [B,T,C]
      const bias = attentionBias(g, inputs, inputs, []);
      const hidden = blocks.reduce((x, b) => runBlock(g, x, b, { heads, bias, activation: family.activation }), norm(g, embedded, firstNorm));
      return { hidden, head: headOf(g, head, tokens) };
    },
  };
}

/** Norms in the files of the first BERTs: gamma and beta. */
function olderNorm(name: string): string {
  return name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
}

function block(at: string, { width, inner, std, epsilon }: EncoderSizes): Block {
  const map = (module: string, inputSize: number, outputSize: number): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias: true, transposeW: true, std });
  const layerNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'layer', width, epsilon });
  return {
    query: map('attention.self.query', width, width),
    key: map('attention.self.key', width, width),
    value: map('attention.self.value', width, width),
    out: map('attention.output.dense', width, width),
    norm1: layerNorm('attention.output.LayerNorm'),
    up: map('intermediate.dense', width, inner),
    down: map('output.dense', inner, width),
    norm2: layerNorm('output.LayerNorm'),
  };
}

/** norm(x + attention(x)), then norm(x + mlp(x)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, { heads, bias, activation }: { readonly heads: number; readonly bias: Node; readonly activation: Activation }): Node {
  const [query, key, value] = [block.query, block.key, block.value].map((map) => splitHeads(g, linear(g, x, map), heads)); // [B,H,T,D]
  const attended = linear(g, attention(g, { query, key, value, bias, scale: Math.sqrt(heads / block.out.outputSize) }), block.out);
  const middle = norm(g, g.add(x, attended), block.norm1);
  return norm(g, g.add(middle, mlp(g, middle, { ...block, activation })), block.norm2);
}

function headParameters({ dense, norm: after, out }: EncoderHead, vocabSize: number): ParameterSpec[] {
  const chooser: ParameterSpec[] = 'module' in out ? linearParameters(out) : [{ name: out.bias, shape: [vocabSize], init: { kind: 'zeros' }, decay: false }];
  return [...linearParameters(dense), ...(after ? normParameters(after) : []), ...chooser];
}

function headOf(g: Builder, { dense, activation, norm: after, out }: EncoderHead, tokens: Embedding): Head {
  const transform = (rows: Node): Node => {
    const active = activation(g, linear(g, rows, dense));
    return after ? norm(g, active, after) : active;
  };
  if (!('module' in out)) return { weight: embeddingTable(g, tokens), bias: g.variable(out.bias, [tokens.rows]), transform };
  return { weight: g.variable(`${out.module}.weight`, [out.outputSize, out.inputSize]), bias: g.variable(`${out.module}.bias`, [out.outputSize]), transform };
}
