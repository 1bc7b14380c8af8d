/**
 * BERT (Devlin et al., 2018, arXiv:1810.04805), for masked words and for classes of texts.
 * Reference: transformers/models/bert/modeling_bert.py. Texts are single: all tokens are of the first type.
 */
import { z } from 'zod';
import { activations } from '../../nn/activation.js';
import type { Linear } from '../../nn/layers.js';
import { activationName, idList, notSupported, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { encoderModel, type EncoderSizes } from '../encoder.js';
import { headSizesOf } from '../gated.js';
import { classesOf, classifierConfig, type Purpose } from '../task.js';

/** The keys that RoBERTa shares. */
export const bertKeys = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: activationName.default('gelu'),
  max_position_embeddings: size.default(512),
  type_vocab_size: size.default(2),
  initializer_range: z.number().positive().default(0.02),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().nullish(),
  position_embedding_type: z.literal(['absolute', null], { error: ({ input }) => `positions of type "${String(input)}" are not supported (absolute are)` }).optional(),
  is_decoder: notSupported('a BERT that writes'),
  bos_token_id: tokenId.default(null),
  eos_token_id: tokenIds.default(null),
};

const schema = z.object(bertKeys);

export type BertConfig = z.output<typeof schema>;

export function encoderSizes(config: BertConfig): EncoderSizes {
  headSizesOf(config);
  const { vocab_size: vocabSize, hidden_size: width, intermediate_size: inner, num_hidden_layers: layers, num_attention_heads: heads } = config;
  return { vocabSize, width, inner, layers, heads, std: config.initializer_range, epsilon: config.layer_norm_eps };
}

/** A classifier where one is asked for, or the config is that of one. */
export function isClassifier({ architectures }: RawConfig, purpose: Purpose | null): boolean {
  return purpose ? purpose.stage === 'classify' : Array.isArray(architectures) && architectures.some((name) => String(name).endsWith('ForSequenceClassification'));
}

export function bert(raw: RawConfig, purpose: Purpose | null): Model {
  const config = parseConfig(schema, raw);
  const sizes = encoderSizes(config);
  const { width, std, epsilon } = sizes;
  const map = (module: string, outputSize: number): Linear => ({ module, inputSize: width, outputSize, bias: true, transposeW: true, std });
  const shared = {
    modelType: 'bert',
    root: 'bert',
    sizes,
    contextLength: config.max_position_embeddings,
    bosTokenId: idList(config.bos_token_id, sizes.vocabSize)[0] ?? null,
    eosTokenIds: idList(config.eos_token_id, sizes.vocabSize),
    stages: ['mlm', 'classify'],
    positionRows: config.max_position_embeddings,
    firstPosition: 0,
    typeRows: config.type_vocab_size,
    activation: activations[config.hidden_act],
  } as const;
  if (isClassifier(raw, purpose)) {
    const classes = classesOf(raw, purpose);
    return encoderModel({
      ...shared,
      config: classifierConfig(raw, 'BertForSequenceClassification', classes),
      task: 'class',
      classes,
      newModules: ['bert.pooler', 'classifier'],
      headModules: ['classifier'],
      head: { dense: map('bert.pooler.dense', width), activation: activations.tanh, norm: null, out: map('classifier', classes.length) },
      otherHeads: /^cls\./,
    });
  }
  return encoderModel({
    ...shared,
    config: { ...raw, architectures: ['BertForMaskedLM'] },
    task: 'masked-token',
    classes: [],
    newModules: ['cls.predictions'],
    headModules: [],
    head: {
      dense: map('cls.predictions.transform.dense', width),
      activation: activations[config.hidden_act],
      norm: { module: 'cls.predictions.transform.LayerNorm', kind: 'layer', width, epsilon },
      out: { bias: 'cls.predictions.bias' },
    },
    otherHeads: /^(bert\.)?pooler\.|^classifier\.|^cls\.seq_relationship\.|^cls\.predictions\.decoder\./,
  });
}
