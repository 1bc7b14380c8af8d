/** The files of a tokenizer's folder: which special tokens it names, and its chat template. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { UserError, messageOf } from '../../util/errors.js';
import { gpt2Definition } from './gpt2.js';

type Json = Readonly<Record<string, unknown>>;

export interface TokenizerFiles {
  readonly folder: string;
  /** `tokenizer.json`, unparsed; or what the older files of GPT-2 amount to. */
  readonly definition: string;
  /** Tokens by what they are for; null where no file names one. */
  readonly special: { readonly bos: string | null; readonly eos: string | null; readonly pad: string | null };
  /** The same from the model's `config.json`, for folders whose tokenizer files name none (GPT-2's own). */
  readonly configIds: { readonly bos: number | null; readonly eos: number | null; readonly pad: number | null };
  readonly addBos: boolean;
  readonly chatTemplate: string | null;
  /** SHA-256 of everything above. */
  readonly fingerprint: string;
}

/** Reads a folder; throws UserError where it is missing, damaged or of a kind that is not read here. */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`no tokenizer at ${folder}: the folder does not exist`);
  }
  const config = jsonOf(path.join(folder, 'tokenizer_config.json'));
  const map = jsonOf(path.join(folder, 'special_tokens_map.json'));
  const model = jsonOf(path.join(folder, 'config.json'));
  const named = (role: string) => contentOf(config[`${role}_token`]) ?? contentOf(map[`${role}_token`]);
  const isGpt2 = config['tokenizer_class'] === 'GPT2Tokenizer' || model['model_type'] === 'gpt2';
  const definition = textOf(path.join(folder, 'tokenizer.json')) ?? (isGpt2 ? olderDefinition(folder, ['bos', 'eos', 'unk', 'pad'].map(named)) : null);
  if (definition === null) {
    throw new UserError(
      `${folder} has no tokenizer.json (for GPT-2, vocab.json with merges.txt will do); save one there with Transformers' AutoTokenizer.from_pretrained(…).save_pretrained(…), or name another folder as tokenizer`,
    );
  }
  const numbered = (role: string) => firstId(model[`${role}_token_id`]);
  const files = {
    folder,
    definition,
    special: { bos: named('bos'), eos: named('eos'), pad: named('pad') },
    configIds: { bos: numbered('bos'), eos: numbered('eos'), pad: numbered('pad') },
    addBos: config['add_bos_token'] === true,
    chatTemplate: textOf(path.join(folder, 'chat_template.jinja')) ?? templateOf(config['chat_template']),
  };
  return { ...files, fingerprint: createHash('sha256').update(JSON.stringify({ ...files, folder: null })).digest('hex') };
}

function olderDefinition(folder: string, special: readonly (string | null)[]): string | null {
  const merges = textOf(path.join(folder, 'merges.txt'));
  const vocab = jsonOf(path.join(folder, 'vocab.json'));
  if (merges === null || Object.keys(vocab).length === 0) return null;
  return gpt2Definition({ vocab, merges, special: [...new Set(['<|endoftext|>', ...special])].filter((token) => token !== null) });
}

function textOf(file: string): string | null {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8') : null;
}

function jsonOf(file: string): Json {
  const text = textOf(file);
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch (error) {
    throw new UserError(`${file} is not valid JSON: ${messageOf(error)}`);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A token is written as its text or as an object with `content`. */
function contentOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value['content'] === 'string' ? value['content'] : null;
}

/** An id, or the first of a list of ids. */
function firstId(value: unknown): number | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' ? first : null;
}

/** One template, or a list of named ones, of which `default` is for plain chats. */
function templateOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const entry: unknown = value.find((one: unknown) => isObject(one) && one['name'] === 'default');
  return isObject(entry) && typeof entry['template'] === 'string' ? entry['template'] : null;
}
