import type { Executable } from '../../engine/contract.js';
import type { Model } from '../../models/contract.js';
import { plainGeneration, type GenerationConfig } from '../../models/generation.js';
import { Random } from '../../util/random.js';
import { searchBeams, type Generation } from './beams.js';
import { Decoder } from './decoder.js';
import { restrain } from './restraints.js';
import { nextToken, type SamplingOptions } from './sampling.js';

export interface GenerateOptions extends SamplingOptions {
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Tokens at which to end; they are not part of the result. */
  readonly stopIds: readonly number[];
  /** Beams, lengths and what a text begins and ends with; left out: none of it. Beams are for temperature 0. */
  readonly generation?: GenerationConfig;
  /** Gets each token as it is chosen; those of beams at the end. */
  readonly onToken?: (id: number) => void;
  readonly interrupted?: () => boolean;
}

/** Continues a prompt, or writes what an encoder–decoder answers to it. */
export async function generateTokens(executable: Executable, model: Model, prompt: readonly number[], options: GenerateOptions): Promise<Generation> {
  const { generation = plainGeneration, stopIds, temperature, onToken } = options;
  const given = model.encoderDecoder ? [generation.firstId ?? []].flat() : [];
  const opening = model.encoderDecoder ? [model.encoderDecoder.startId, ...given] : prompt;
  const room = model.contextLength - opening.length + 1; // the last token is not read
  const rules = { ...generation, stopIds, maxNewTokens: Math.min(options.maxNewTokens, room), interrupted: options.interrupted };
  const decoder = await Decoder.begin(executable, model, { prompt, opening });
  if (generation.numBeams > 1 && temperature === 0) {
    const found = await searchBeams(decoder, { opening, given: given.length }, rules);
    if (onToken) found.ids.forEach(onToken);
    return found;
  }
  const random = new Random('generate', options.seed);
  const ids: number[] = [];
  while (ids.length < rules.maxNewTokens) {
    if (rules.interrupted?.() === true) return { ids, stopped: 'interrupted' };
    const [scores] = await decoder.read([ids.length === 0 ? opening : ids.slice(-1)], [0]);
    const id = nextToken(restrain(scores, { sequence: [...opening, ...ids], said: ids.length }, rules), options, random);
    if (stopIds.includes(id)) return { ids, stopped: 'end' };
    ids.push(id);
    onToken?.(id);
  }
  return { ids, stopped: 'length' };
}

/** Where a text ends: what the model's files say, and the tokenizer's end token. */
export function stopIdsOf({ eosTokenIds }: GenerationConfig, tokenizer: { readonly eosId: number | null }): number[] {
  return [...new Set([...eosTokenIds, ...(tokenizer.eosId === null ? [] : [tokenizer.eosId])])];
}

/** Whether what it writes is a text of its own: an encoder's answer, or what follows ChatGLM-6B's mark. */
export function answersApart({ encoderDecoder, answerStartId }: Pick<Model, 'encoderDecoder' | 'answerStartId'>): boolean {
  return encoderDecoder !== null || answerStartId !== null;
}

/** The text of new tokens as it reads after the prompt: alone, the first one would lose its space. An encoder–decoder's is one of its own. */
export function continuation(tokenizer: { decode(ids: readonly number[]): string }, { encoderDecoder }: Pick<Model, 'encoderDecoder'>, prompt: readonly number[], ids: readonly number[]): string {
  return encoderDecoder ? tokenizer.decode(ids) : tokenizer.decode([...prompt, ...ids]).slice(tokenizer.decode(prompt).length);
}
