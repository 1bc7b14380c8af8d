/**
 * RoBERTa (Liu et al., 2019, arXiv:1907.11692): BERT with positions that begin behind the padding token, and heads of
 * its own. Reference: transformers/models/roberta/modeling_roberta.py.
 */
import { z } from 'zod';
import { activations } from '../../nn/activation.js';
import type { Linear } from '../../nn/layers.js';
import { bertKeys, encoderSizes, isClassifier } from './bert.js';
import { idList, parseConfig, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { encoderModel } from '../encoder.js';
import { classesOf, classifierConfig, type Purpose } from '../task.js';

const schema = z.object({ ...bertKeys, bos_token_id: tokenId.default(0), eos_token_id: tokenIds.default(2) });

export function roberta(raw: RawConfig, purpose: Purpose | null): Model {
  const config = parseConfig(schema, raw);
  const sizes = encoderSizes(config);
  const { width, std, epsilon } = sizes;
  const firstPosition = (config.pad_token_id ?? 1) + 1;
  const map = (module: string, outputSize: number): Linear => ({ module, inputSize: width, outputSize, bias: true, transposeW: true, std });
  const shared = {
    modelType: 'roberta',
    root: 'roberta',
    sizes,
    contextLength: config.max_position_embeddings - firstPosition,
    bosTokenId: idList(config.bos_token_id, sizes.vocabSize)[0] ?? null,
    eosTokenIds: idList(config.eos_token_id, sizes.vocabSize),
    stages: ['mlm', 'classify'],
    positionRows: config.max_position_embeddings,
    firstPosition,
    typeRows: config.type_vocab_size,
    activation: activations[config.hidden_act],
  } as const;
  if (isClassifier(raw, purpose)) {
    const classes = classesOf(raw, purpose);
    return encoderModel({
      ...shared,
      config: classifierConfig(raw, 'RobertaForSequenceClassification', classes),
      task: 'class',
      classes,
      newModules: ['classifier'],
      headModules: ['classifier'],
      head: { dense: map('classifier.dense', width), activation: activations.tanh, norm: null, out: map('classifier.out_proj', classes.length) },
      otherHeads: /^lm_head\.|^(roberta\.)?pooler\./,
    });
  }
  return encoderModel({
    ...shared,
    config: { ...raw, architectures: ['RobertaForMaskedLM'] },
    task: 'masked-token',
    classes: [],
    newModules: ['lm_head'],
    headModules: [],
    head: { dense: map('lm_head.dense', width), activation: activations.gelu, norm: { module: 'lm_head.layer_norm', kind: 'layer', width, epsilon }, out: { bias: 'lm_head.bias' } },
    otherHeads: /^(roberta\.)?pooler\.|^classifier\.|^lm_head\.decoder\./,
  });
}
