/**
 * BERT (Devlin et al., 2018, arXiv:1810.04805), for masked words and for classes of texts.
 * Reference: transformers/models/bert/modeling_bert.py. Texts are single: all tokens are of the first type.
 */
import { z } from 'zod';
import { activations } from '../../nn/activation.js';
import type { Linear } from '../../nn/layers.js';
import { activationName, notSupported, parseConfig, size, textEnds, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { headSizesOf } from '../decoder.js';
import { encoderModel, type EncoderHead } from '../encoder.js';
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

/** A head as a family's files have it. */
interface FiledHead {
  /** The class in Transformers that has it. */
  readonly architecture: string;
  readonly head: EncoderHead;
  /** Modules that no pre-training has made, of a file that has none for them. */
  readonly newModules: readonly string[];
  /** Tensors of the other heads. */
  readonly otherHeads: RegExp;
}

/** What is a family's own; `map` is a linear map of that name from the hidden size. */
export interface BertVariant {
  readonly modelType: string;
  /** Rows of the table of positions that no token has. */
  readonly firstPosition: number;
  masked(map: MapOf): FiledHead;
  classifier(map: MapOf, classes: number): FiledHead;
}

type MapOf = (module: string, outputSize: number) => Linear;

/** The encoder with the head that its purpose asks for; without one, that of its config. */
export function bertLike(raw: RawConfig, config: BertConfig, purpose: Purpose | null, variant: BertVariant): Model {
  headSizesOf(config);
  const { vocab_size: vocabSize, hidden_size: width, initializer_range: std } = config;
  const map: MapOf = (module, outputSize) => ({ module, inputSize: width, outputSize, bias: true, transposeW: true, std });
  const classes = isClassifier(raw, purpose) ? classesOf(raw, purpose) : null;
  const { architecture, head, newModules, otherHeads } = classes === null ? variant.masked(map) : variant.classifier(map, classes.length);
  const task = classes === null
    ? { task: 'masked-token', config: { ...raw, architectures: [architecture] }, classes: [], headModules: [] } as const
    : { task: 'class', config: classifierConfig(raw, architecture, classes), classes, headModules: ['classifier'] } as const;
  return encoderModel({
    facts: {
      modelType: variant.modelType,
      contextLength: config.max_position_embeddings - variant.firstPosition,
      ...textEnds(config, vocabSize),
      stages: ['mlm', 'classify'],
      newModules,
      ...task,
    },
    root: variant.modelType,
    sizes: { vocabSize, width, inner: config.intermediate_size, layers: config.num_hidden_layers, heads: config.num_attention_heads, std, epsilon: config.layer_norm_eps },
    positionRows: config.max_position_embeddings,
    firstPosition: variant.firstPosition,
    typeRows: config.type_vocab_size,
    activation: activations[config.hidden_act],
    head,
    otherHeads,
  });
}

/** A classifier where one is asked for, or the config is that of one. */
function isClassifier({ architectures }: RawConfig, purpose: Purpose | null): boolean {
  return purpose ? purpose.stage === 'classify' : Array.isArray(architectures) && architectures.some((name) => String(name).endsWith('ForSequenceClassification'));
}

export function bert(raw: RawConfig, purpose: Purpose | null): Model {
  const config = parseConfig(schema, raw);
  const { hidden_size: width, layer_norm_eps: epsilon } = config;
  return bertLike(raw, config, purpose, {
    modelType: 'bert',
    firstPosition: 0,
    masked: (map) => ({
      architecture: 'BertForMaskedLM',
      head: {
        dense: map('cls.predictions.transform.dense', width),
        activation: activations[config.hidden_act],
        norm: { module: 'cls.predictions.transform.LayerNorm', kind: 'layer', width, epsilon },
        out: { bias: 'cls.predictions.bias' },
      },
      newModules: ['cls.predictions'],
      otherHeads: /^(bert\.)?pooler\.|^classifier\.|^cls\.seq_relationship\.|^cls\.predictions\.decoder\./,
    }),
    classifier: (map, classes) => ({
      architecture: 'BertForSequenceClassification',
      head: { dense: map('bert.pooler.dense', width), activation: activations.tanh, norm: null, out: map('classifier', classes) },
      newModules: ['bert.pooler', 'classifier'],
      otherHeads: /^cls\./,
    }),
  });
}
