import type { Executable } from '../engine/contract.js';
import type { Model } from '../models/contract.js';
import { Random } from '../util/random.js';
import { f32, i32, type Tensor } from '../util/tensor.js';
import { nextToken, type SamplingOptions } from './sampling.js';

export interface GenerateOptions extends SamplingOptions {
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Tokens at which to end; they are not part of the result. */
  readonly stopIds: readonly number[];
  readonly onToken?: (id: number) => void;
  readonly interrupted?: () => boolean;
}

export interface Generation {
  readonly ids: readonly number[];
  readonly stopped: 'end' | 'length' | 'interrupted';
}

/**
 * Continues a prompt, one token a call, with a key-value cache: a call costs one token's work, and copies
 * the cache in and out of the engine (2 · layers · kvHeads · headSize · 4 bytes a token held).
 */
export async function generateTokens(executable: Executable, model: Model, prompt: readonly number[], options: GenerateOptions): Promise<Generation> {
  const random = new Random('generate', options.seed);
  const ids: number[] = [];
  let cache = emptyCache(model);
  let fresh: readonly number[] = prompt;
  let held = 0;
  while (ids.length < options.maxNewTokens && held + fresh.length <= model.contextLength) {
    if (options.interrupted?.() === true) return { ids, stopped: 'interrupted' };
    const { logits, ...present } = await executable.run('forward', { ...tokenFeeds(fresh, held), ...cache });
    held += fresh.length;
    const id = nextToken(logits.data, options, random);
    if (options.stopIds.includes(id)) return { ids, stopped: 'end' };
    ids.push(id);
    options.onToken?.(id);
    fresh = [id];
    cache = renamed(present);
  }
  return { ids, stopped: 'length' };
}

/** Where a text ends: what the model's config says, and the tokenizer's end token. */
export function stopIdsOf(model: Model, tokenizer: { readonly eosId: number | null }): number[] {
  return [...new Set([...model.eosTokenIds, ...(tokenizer.eosId === null ? [] : [tokenizer.eosId])])];
}

/** The text of new tokens as it reads after the prompt: alone, the first one would lose its space. */
export function continuation(tokenizer: { decode(ids: readonly number[]): string }, prompt: readonly number[], ids: readonly number[]): string {
  return tokenizer.decode([...prompt, ...ids]).slice(tokenizer.decode(prompt).length);
}

function tokenFeeds(fresh: readonly number[], held: number): Record<string, Tensor> {
  const [T, S] = [fresh.length, held + fresh.length];
  return {
    input_ids: i32([1, T], fresh),
    positions: i32([1, T], fresh.map((_, i) => held + i)),
    segments: i32([1, T], new Int32Array(T).fill(1)),
    key_positions: i32([1, S], Int32Array.from({ length: S }, (_, i) => i)),
    key_segments: i32([1, S], new Int32Array(S).fill(1)),
    last_rows: i32([1], [T - 1]),
  };
}

function emptyCache({ layerCount, keyValueHeads, headSize }: Model): Record<string, Tensor> {
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  return Object.fromEntries(layers.flatMap((layer) => ['key', 'value'].map((part) => [`past.${layer}.${part}`, f32([1, keyValueHeads, 0, headSize])])));
}

/** This call's `present.*` is the next one's `past.*`. */
function renamed(present: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace(/^present\./, 'past.'), value]));
}
