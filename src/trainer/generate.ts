import { answerPlaces } from '../data/layout.js';
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
 * Continues a prompt, or writes what an encoder–decoder answers to it: one token a call, with a key-value cache. A call
 * costs one token's work, and copies the cache in and out of the engine (2 · layers · kvHeads · headSize · 4 bytes a
 * token held). An encoder runs once.
 */
export async function generateTokens(executable: Executable, model: Model, prompt: readonly number[], options: GenerateOptions): Promise<Generation> {
  const random = new Random('generate', options.seed);
  const ids: number[] = [];
  const source = model.encoderDecoder && (await encoded(executable, prompt));
  const opening = model.encoderDecoder ? [model.encoderDecoder.startId, ...[model.encoderDecoder.firstId ?? []].flat()] : prompt;
  const places = model.answerStartId === null ? null : [...answerPlaces(Int32Array.from(opening), model.answerStartId)];
  let cache = emptyCache(model);
  let fresh: readonly number[] = opening;
  let held = 0;
  while (ids.length < options.maxNewTokens && held + fresh.length <= model.contextLength) {
    if (options.interrupted?.() === true) return { ids, stopped: 'interrupted' };
    const { logits, ...present } = await executable.run('forward', { ...tokenFeeds(fresh, held), ...(places ? placeFeeds(places, held) : keyPositions(held + fresh.length)), ...source, ...cache });
    held += fresh.length;
    const id = nextToken(logits.data, options, random);
    if (options.stopIds.includes(id)) return { ids, stopped: 'end' };
    ids.push(id);
    options.onToken?.(id);
    fresh = [id];
    places?.push(places[held - 1] + 1);
    cache = renamed(present);
  }
  return { ids, stopped: 'length' };
}

/** Where a text ends: what the model's config says, and the tokenizer's end token. */
export function stopIdsOf(model: Model, tokenizer: { readonly eosId: number | null }): number[] {
  return [...new Set([...model.eosTokenIds, ...(tokenizer.eosId === null ? [] : [tokenizer.eosId])])];
}

/** The text of new tokens as it reads after the prompt: alone, the first one would lose its space. An encoder–decoder's is one of its own. */
export function continuation(tokenizer: { decode(ids: readonly number[]): string }, { encoderDecoder }: Pick<Model, 'encoderDecoder'>, prompt: readonly number[], ids: readonly number[]): string {
  return encoderDecoder ? tokenizer.decode(ids) : tokenizer.decode([...prompt, ...ids]).slice(tokenizer.decode(prompt).length);
}

/** What the decoder reads of a text at every step. */
async function encoded(executable: Executable, text: readonly number[]): Promise<Record<string, Tensor>> {
  const shape = [1, text.length];
  const source_segments = i32(shape, new Int32Array(text.length).fill(1));
  const cross = await executable.run('encode', { source_ids: i32(shape, text), source_positions: i32(shape, [...text.keys()]), source_segments });
  return { ...cross, source_segments };
}

function keyPositions(length: number): Record<string, Tensor> {
  return { key_positions: i32([1, length], Int32Array.from({ length }, (_, i) => i)) };
}

/** Of a model whose keys have their place in the answer, and need no other. */
function placeFeeds(places: readonly number[], held: number): Record<string, Tensor> {
  return { blocks: i32([1, places.length - held], places.slice(held)), key_blocks: i32([1, places.length], places) };
}

function tokenFeeds(fresh: readonly number[], held: number): Record<string, Tensor> {
  const [T, S] = [fresh.length, held + fresh.length];
  return {
    input_ids: i32([1, T], fresh),
    positions: i32([1, T], fresh.map((_, i) => held + i)),
    segments: i32([1, T], new Int32Array(T).fill(1)),
    key_segments: i32([1, S], new Int32Array(S).fill(1)),
    last_rows: i32([1], [T - 1]),
  };
}

function emptyCache({ encoderDecoder, layerCount, keyValueHeads, headSize }: Model): Record<string, Tensor> {
  const layers = Array.from({ length: encoderDecoder?.decoderLayers ?? layerCount }, (_, layer) => layer);
  return Object.fromEntries(layers.flatMap((layer) => ['key', 'value'].map((part) => [`past.${layer}.${part}`, f32([1, keyValueHeads, 0, headSize])])));
}

/** This call's `present.*` is the next one's `past.*`. */
function renamed(present: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace(/^present\./, 'past.'), value]));
}
