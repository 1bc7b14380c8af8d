/**
 * What every family that says the next token tells of itself. A family's file names its parts and what is its own about them;
 * the rest follows from the parts, here.
 */
import type { Embedding } from '../nn/layers.js';
import { UserError } from '../util/errors.js';
import { textEnds, type RawConfig, type TextEndKeys } from './config.js';
import type { Model } from './contract.js';
import { named, type Naming } from './naming.js';
import { saysNextToken } from './task.js';

export interface HeadSizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
}

/** The table by which the next token is chosen: that of the tokens where they are tied; files call it `module` all the same. */
export interface HeadTable {
  readonly module: string;
  readonly tied: boolean;
}

export interface DecoderParts {
  readonly modelType: string;
  /** As it was read. */
  readonly config: RawConfig;
  readonly ends: TextEndKeys;
  readonly contextLength: number;
  readonly sizes: HeadSizes;
  readonly tokens: Embedding;
  readonly head: HeadTable;
  readonly names: Omit<Naming, 'tied'>;
  readonly loraTargets: readonly string[];
}

export function decoderFacts({ modelType, config, ends, contextLength, sizes, tokens, head, names, loraTargets }: DecoderParts, layerCount: number): Omit<Model, 'parameters' | 'linears' | 'forward'> {
  return {
    modelType,
    config,
    vocabSize: tokens.rows,
    hiddenSize: tokens.width,
    layerCount,
    keyValueHeads: sizes.keyValueHeads,
    headSize: sizes.headSize,
    contextLength,
    ...textEnds(ends, tokens.rows),
    loraTargets,
    ...saysNextToken,
    ...named({ ...names, tied: head.tied ? { embedding: `${tokens.module}.weight`, head: `${head.module}.weight` } : null }),
  };
}

/** Where the head's vectors are: the tokens' own table, or one like it. */
export function headEmbedding(tokens: Embedding, { module, tied }: HeadTable): Embedding {
  return tied ? tokens : { ...tokens, module };
}

/** Throws a UserError where the numbers do not go together. */
export function headSizesOf({ hidden_size: width, num_attention_heads: heads, num_key_value_heads, head_dim }: {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | null;
  readonly head_dim?: number | null;
}): HeadSizes {
  const keyValueHeads = num_key_value_heads ?? heads;
  const headSize = head_dim ?? width / heads;
  if (heads % keyValueHeads !== 0) throw new UserError(`num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}`);
  if (!Number.isInteger(headSize)) throw new UserError(`hidden_size ${width} is not a multiple of num_attention_heads ${heads}`);
  return { heads, keyValueHeads, headSize };
}
