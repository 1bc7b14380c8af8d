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
  const { onToken } = options;
  const [said] = await generateEach(executable, model, [prompt], { ...options, ...(onToken && { onToken: (_, id) => onToken(id) }) });
  return said;
}

export interface GenerateEachOptions extends Omit<GenerateOptions, 'onToken'> {
  /** Gets each token as it is chosen, with the number of its prompt; those of beams at the end. */
  onToken?(prompt: number, id: number): void;
}

/** The same for several prompts, side by side: one step costs little more than that of one. Beams take them one after the other. */
export async function generateEach(executable: Executable, model: Model, prompts: readonly ArrayLike<number>[], options: GenerateEachOptions): Promise<Generation[]> {
  const { generation = plainGeneration, stopIds, temperature, onToken } = options;
  const given = model.encoderDecoder ? [generation.firstId ?? []].flat() : [];
  const asked = prompts.map((prompt) => ({ prompt, opening: model.encoderDecoder ? [model.encoderDecoder.startId, ...given] : Array.from(prompt) }));
  const rules = asked.map(({ opening }) => {
    const room = model.contextLength - opening.length + 1; // the last token is not read
    return { ...generation, stopIds, maxNewTokens: Math.min(options.maxNewTokens, room), interrupted: options.interrupted };
  });
  if (generation.numBeams > 1 && temperature === 0) {
    const found: Generation[] = [];
    for (const [i, one] of asked.entries()) {
      found.push(await searchBeams(await Decoder.begin(executable, model, [one]), { opening: one.opening, given: given.length }, rules[i]));
      found[i].ids.forEach((id) => onToken?.(i, id));
    }
    return found;
  }
  const random = new Random('generate', options.seed);
  const said = asked.map((): { readonly ids: number[]; stopped: Generation['stopped'] } => ({ ids: [], stopped: 'length' }));
  const decoder = await Decoder.begin(executable, model, asked);
  let read = asked.map((_, i) => i); // the prompts whose rows were read last
  for (;;) {
    const open = read.filter((i) => said[i].stopped === 'length' && said[i].ids.length < rules[i].maxNewTokens);
    if (open.length === 0) return said;
    if (options.interrupted?.() === true) {
      for (const i of open) said[i].stopped = 'interrupted';
      return said;
    }
    const scores = await decoder.read(open.map((i) => (said[i].ids.length === 0 ? asked[i].opening : said[i].ids.slice(-1))), open.map((i) => read.indexOf(i)));
    for (const [row, i] of open.entries()) {
      const { ids } = said[i];
      const id = nextToken(restrain(scores[row], { sequence: [...asked[i].opening, ...ids], said: ids.length }, rules[i]), options, random);
      if (stopIds.includes(id)) {
        said[i].stopped = 'end';
        continue;
      }
      ids.push(id);
      onToken?.(i, id);
    }
    read = open;
  }
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
