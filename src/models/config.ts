/** Reading a `config.json` by Hugging Face's keys, with sentences for what is wrong in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { activations } from '../nn/activation.js';
import { messageOf, UserError } from '../util/errors.js';
import type { Model } from './contract.js';

export type RawConfig = Readonly<Record<string, unknown>>;

export const size = z.int().min(1);
export const tokenId = z.int().nullish();
export const tokenIds = z.union([z.int(), z.array(z.int())]).nullish();

/** A config's keys for the tokens at which texts begin and end. */
export interface TextEndKeys {
  readonly bos_token_id?: z.output<typeof tokenId>;
  readonly eos_token_id?: z.output<typeof tokenIds>;
}

export const activationName = z.string().refine((name) => name in activations, {
  error: ({ input }) => `"${String(input)}" is not supported (${Object.keys(activations).join(', ')} are)`,
});

/** A switch whose other setting changes the computation in a way that is not built. */
export const notSupported = (meaning: string) => z.literal([false, null], { error: `${meaning} is not supported` }).optional();

/** A key that a family's config may have and its reference does not read: what it is taken to be. */
export const fixed = <T>(value: T) => z.unknown().optional().transform(() => value);

/** The parsed object of a model folder; throws a UserError that names the file. */
export function readConfigFile(folder: string): RawConfig {
  const path = join(folder, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = existsSync(path) ? 'its config.json cannot be read' : 'it has no config.json';
    throw new UserError(`${folder} is no model folder: ${why}; give a Hugging Face folder with config.json, *.safetensors and tokenizer.json.`, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RawConfig;
  } catch (cause) {
    throw new UserError(`${path} is not valid JSON (${messageOf(cause)}); fetch the model again.`, { cause });
  }
  throw new UserError(`${path} does not hold a JSON object; fetch the model again.`);
}

/** JSON with `1.0` where `original` spells an integral number so: JavaScript has one kind of number, Transformers refuses some that are not floats. */
export function withFloats(text: string, original: string): string {
  const floats = new Set(Array.from(original.matchAll(/"([^"\\]+)"\s*:\s*(-?\d+)\.0+(?=\s*[,}])/g), ([, key, number]) => `${key} ${number}`));
  return text.replace(/"([^"\\]+)": (-?\d+)(?=,?\n)/g, (all, key: string, number: string) => (floats.has(`${key} ${number}`) ? `${all}.0` : all));
}

/** Checks a config against an architecture's schema; throws a UserError that begins with the key. */
export function parseConfig<S extends z.ZodType>(schema: S, config: RawConfig): z.output<S> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`${issue.path.join('.')}: ${issue.message}`);
}

export function textEnds({ bos_token_id: begin, eos_token_id: end }: TextEndKeys, vocabSize: number): Pick<Model, 'bosTokenId' | 'eosTokenIds'> {
  return { bosTokenId: idList(begin, vocabSize)[0] ?? null, eosTokenIds: idList(end, vocabSize) };
}

/** One id, several or none as a list, without those outside the vocabulary: defaults that a small model has no use for. */
export function idList(ids: number | readonly number[] | null | undefined, vocabSize: number): number[] {
  return [ids ?? []].flat().filter((id) => id >= 0 && id < vocabSize);
}
