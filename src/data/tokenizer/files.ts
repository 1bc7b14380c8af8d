/** The files of a tokenizer's folder: which special tokens it names, and its chat template. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { UserError, messageOf } from '../../util/errors.js';
import { kindOfFiles, type NamedToken, type TokenizerKind, tokenizerKind } from './convert.js';
import { type Role, roles, written } from './definition.js';

type Json = Readonly<Record<string, unknown>>;

export interface TokenizerFiles {
  readonly folder: string;
  /** `tokenizer.json`, unparsed; or what the older files amount to. */
  readonly definition: string;
  /** Tokens by what they are for; null where neither a file nor the tokenizer's class names one. */
  readonly special: Readonly<Record<Role, string | null>>;
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
  const has = (name: string) => existsSync(path.join(folder, name));
  const own = textOf(path.join(folder, 'tokenizer.json'));
  const kind = tokenizerKind(config['tokenizer_class'], model['model_type']) ?? (own === null ? kindOfFiles(has) : null);
  const special: Partial<Record<Role, NamedToken>> = { ...kind?.special };
  for (const role of roles) {
    const token = tokenOf(config[`${role}_token`]) ?? tokenOf(map[`${role}_token`]);
    if (token) special[role] = { ...(token.content === special[role]?.content ? special[role] : {}), ...token };
  }
  const definition = own ?? olderDefinition(folder, { kind, config, map, special });
  const numbered = (role: string) => firstId(model[`${role}_token_id`]);
  const files = {
    folder,
    definition,
    special: Object.fromEntries(roles.map((role) => [role, special[role]?.content ?? null])) as Record<Role, string | null>,
    configIds: { bos: numbered('bos'), eos: numbered('eos'), pad: numbered('pad') },
    addBos: config['add_bos_token'] === true,
    chatTemplate: textOf(path.join(folder, 'chat_template.jinja')) ?? templateOf(config['chat_template']),
  };
  return { ...files, fingerprint: createHash('sha256').update(JSON.stringify({ ...files, folder: null })).digest('hex') };
}

interface Named {
  readonly kind: TokenizerKind | null;
  readonly config: Json;
  readonly map: Json;
  readonly special: Readonly<Partial<Record<Role, NamedToken>>>;
}

function olderDefinition(folder: string, { kind, config, map, special }: Named): string {
  const file = (name: string) => path.join(folder, name);
  const extra = [config['additional_special_tokens'], map['additional_special_tokens']].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const added = [...decoderTokens(config['added_tokens_decoder']), ...listedTokens(jsonOf(file('added_tokens.json'))), ...extra.flatMap((token) => tokenOf(token) ?? [])];
  const definition = kind?.convert({ folder, config, special, added, text: (name) => textOf(file(name)), bytes: (name) => (existsSync(file(name)) ? readFileSync(file(name)) : null) });
  if (definition) return written(definition);
  const save = 'save one there with Transformers\' AutoTokenizer.from_pretrained(…).save_pretrained(…), or name another folder as tokenizer';
  if (kind) throw new UserError(`${folder} has no tokenizer.json, and no ${kind.files} either; ${save}`);
  const unknown = typeof config['tokenizer_class'] === 'string' ? `a ${config['tokenizer_class']}, whose older files are not read here` : 'nothing that names its kind (tokenizer_class in tokenizer_config.json, or model_type in config.json)';
  throw new UserError(`${folder} has no tokenizer.json, and is ${unknown}; ${save}`);
}

/** Ids and flags, as `tokenizer_config.json` has them since Transformers 4.34. */
function decoderTokens(value: unknown): (NamedToken & { readonly id: number })[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([id, entry]) => {
    const token = tokenOf(entry);
    return token ? [{ special: false, ...token, id: Number(id) }] : [];
  });
}

/** Ids alone, as `added_tokens.json` had them before. */
function listedTokens(value: Json): (NamedToken & { readonly id: number })[] {
  return Object.entries(value).flatMap(([content, id]) => (typeof id === 'number' ? [{ content, id }] : []));
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

const flags = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;

/** A token is written as its text or as an object with `content` and flags. */
function tokenOf(value: unknown): NamedToken | null {
  if (typeof value === 'string') return { content: value };
  if (!isObject(value) || typeof value['content'] !== 'string') return null;
  return { content: value['content'], ...Object.fromEntries(flags.flatMap((flag) => (typeof value[flag] === 'boolean' ? [[flag, value[flag]]] : []))) };
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
