/** What a model's own files say of how its texts are chosen: `generation_config.json`, or, where there is none, `config.json` as it was before Transformers 4.26. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { idList, tokenId, tokenIds, type RawConfig } from './config.js';
import type { Model } from './contract.js';

/** By the names of Transformers' GenerationConfig; lengths are counted without the prompt. */
export interface GenerationConfig {
  /** How many texts are kept side by side, of which the likeliest wins; 1: one. */
  readonly numBeams: number;
  /** A finished text's Σ log p is divided by its length to this power: above 0 for longer texts. */
  readonly lengthPenalty: number;
  /** Beams end when there are `numBeams` finished texts; false: when a better one is unlikely; never: when it cannot be. */
  readonly earlyStopping: boolean | 'never';
  /** No run of so many tokens comes twice; 0: any may. */
  readonly noRepeatNgramSize: number;
  /** Tokens before a text may end. */
  readonly minNewTokens: number;
  /** Null where nothing is said. */
  readonly maxNewTokens: number | null;
  /** What every text begins with; null: what the model says. */
  readonly firstId: number | null;
  /** What the last token is that there is room for; null: what the model says. */
  readonly lastId: number | null;
  /** Tokens at which a text ends. */
  readonly eosTokenIds: readonly number[];
}

export const plainGeneration: GenerationConfig = {
  numBeams: 1, lengthPenalty: 1, earlyStopping: false, noRepeatNgramSize: 0,
  minNewTokens: 0, maxNewTokens: null,
  firstId: null, lastId: null, eosTokenIds: [],
};

/** What a person may ask for in place of what the model's folder says; null or left out: as it says. */
export type AskedGeneration = { readonly [K in 'numBeams' | 'lengthPenalty' | 'noRepeatNgramSize' | 'minNewTokens']?: GenerationConfig[K] | null | undefined };

export function askedGeneration({ numBeams, lengthPenalty, noRepeatNgramSize, minNewTokens }: AskedGeneration): Partial<GenerationConfig> {
  return Object.fromEntries(Object.entries({ numBeams, lengthPenalty, noRepeatNgramSize, minNewTokens }).filter(([, value]) => value != null));
}

/** What is said and cannot be meant is passed over, key by key: these are habits, not what is computed. */
const schema = z.object({
  num_beams: z.int().min(1).nullish().catch(null),
  length_penalty: z.number().nullish().catch(null),
  early_stopping: z.union([z.boolean(), z.literal('never')]).nullish().catch(null),
  no_repeat_ngram_size: z.int().min(0).nullish().catch(null),
  min_length: z.int().min(0).nullish().catch(null),
  max_length: z.int().min(1).nullish().catch(null),
  forced_bos_token_id: tokenId.catch(null),
  forced_eos_token_id: tokenIds.catch(null),
  eos_token_id: tokenIds.catch(null),
});

/**
 * Of an encoder–decoder everything, since its answers were made to be read that way. Of a model that continues texts only where they
 * end (Llama 3 and Gemma name the end of a turn nowhere else): how it samples is what is asked for.
 */
export function generationConfig(folder: string, { config, vocabSize, eosTokenIds, encoderDecoder }: Model): GenerationConfig {
  const said = schema.parse(generationFile(folder) ?? config);
  const ends = [...new Set([...eosTokenIds, ...idList(said.eos_token_id, vocabSize)])];
  if (encoderDecoder === null) return { ...plainGeneration, eosTokenIds: ends };
  // Transformers counts what the decoder reads first, and here a forced first token is none of those that are chosen.
  const firstId = idList(said.forced_bos_token_id, vocabSize)[0] ?? null;
  const given = firstId === null ? 1 : 2;
  return {
    numBeams: said.num_beams ?? 1,
    lengthPenalty: said.length_penalty ?? 1,
    earlyStopping: said.early_stopping ?? false,
    noRepeatNgramSize: said.no_repeat_ngram_size ?? 0,
    minNewTokens: Math.max(0, (said.min_length ?? 0) - given),
    maxNewTokens: said.max_length === null || said.max_length === undefined ? null : Math.max(1, said.max_length - given),
    firstId,
    lastId: idList(said.forced_eos_token_id, vocabSize)[0] ?? null,
    eosTokenIds: ends,
  };
}

/** Null where there is none to be read. */
function generationFile(folder: string): RawConfig | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, 'generation_config.json'), 'utf8'));
    return typeof value === 'object' && value !== null ? (value as RawConfig) : null;
  } catch {
    return null; // most folders have none
  }
}
