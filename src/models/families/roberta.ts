/**
 * RoBERTa (Liu et al., 2019, arXiv:1907.11692): BERT with positions that begin behind the padding token, and heads of
 * its own. Reference: transformers/models/roberta/modeling_roberta.py.
 */
import { z } from 'zod';
import { activations } from '../../nn/activation.js';
import { parseConfig, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import type { Purpose } from '../task.js';
import { bertKeys, bertLike } from './bert.js';

const schema = z.object({ ...bertKeys, bos_token_id: tokenId.default(0), eos_token_id: tokenIds.default(2) });

export function roberta(raw: RawConfig, purpose: Purpose | null): Model {
  const config = parseConfig(schema, raw);
  const { hidden_size: width, layer_norm_eps: epsilon } = config;
  return bertLike(raw, config, purpose, {
    modelType: 'roberta',
    firstPosition: (config.pad_token_id ?? 1) + 1,
    masked: (map) => ({
      architecture: 'RobertaForMaskedLM',
      head: { dense: map('lm_head.dense', width), activation: activations.gelu, norm: { module: 'lm_head.layer_norm', kind: 'layer', width, epsilon }, out: { bias: 'lm_head.bias' } },
      newModules: ['lm_head'],
      otherHeads: /^(roberta\.)?pooler\.|^classifier\.|^lm_head\.decoder\./,
    }),
    classifier: (map, classes) => ({
      architecture: 'RobertaForSequenceClassification',
      head: { dense: map('classifier.dense', width), activation: activations.tanh, norm: null, out: map('classifier.out_proj', classes) },
      newModules: ['classifier'],
      otherHeads: /^lm_head\.|^(roberta\.)?pooler\./,
    }),
  });
}
