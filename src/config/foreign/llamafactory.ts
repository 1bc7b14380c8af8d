/**
 * A training file of LLaMA-Factory as an experiment: its keys in ours, and its defaults where ours are others, so that what runs here is
 * what would have run there. https://github.com/hiyouga/LLaMA-Factory/tree/main/src/llamafactory/hparams
 */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../util/errors.js';
import { setKey } from '../keys.js';
import { knobOf } from '../limits.js';
import { refusalOf } from '../parse.js';
import { inOurWords, type Amounts } from './index.js';
import { foreignKeys } from './keys.js';

type Plain = Readonly<Record<string, unknown>>;

export interface ImportContext {
  /** A path of the file as one of this machine; null where nothing lies there. */
  find(path: string): string | null;
  /** Templates that are there by the same name. */
  readonly templates: readonly string[];
  /** The file of an entry in the folder's `dataset_info.json`; null where it cannot be told. */
  entryFile(folder: string, name: string): string | null;
}

export interface Imported {
  /** Values for an experiment, not yet checked. */
  readonly values: object;
  /** What was taken over differently or not at all, a sentence each. */
  readonly notes: readonly string[];
  /** Keys that say nothing here. */
  readonly moot: readonly string[];
}

/** Its defaults that ours are not. */
const theirDefaults = {
  cutoff_len: 2048, lora_target: 'all', learning_rate: 5e-5, lr_scheduler_type: 'linear', per_device_train_batch_size: 8, num_train_epochs: 3, save_steps: 500, save_total_limit: null,
} as const;

/** Told together, and not key by key. */
const ofData = ['dataset', 'dataset_dir', 'eval_dataset', 'template', 'max_samples'];
const ofLora = ['lora_alpha', 'lora_target', 'lora_rank', 'lora_dropout'];

/** Without these there is no telling what would have run. */
const essential = ['model_name_or_path', 'stage', 'finetuning_type'];

/** Without these it is no such file. */
const tellTale = ['model_name_or_path', 'finetuning_type', 'cutoff_len', 'dataset_dir'];

export function isLlamaFactory(given: object): boolean {
  return tellTale.some((key) => Object.hasOwn(given, key));
}

/**
 * What is said as null is not said. A value that cannot be taken over leaves the default, and is told. Throws a UserError where the file
 * does what cannot be done here.
 */
export function fromLlamaFactory(file: Plain, context: ImportContext): Imported {
  const given: Plain = Object.fromEntries(Object.entries(file).filter(([, value]) => value !== null));
  const values = {};
  const notes: string[] = [];
  const moot: string[] = [];
  const { finetuning_type: finetuning = 'lora' } = given;
  const isTold = ([key]: readonly [string, unknown]): boolean => !ofData.includes(key) && (finetuning === 'lora' || !ofLora.includes(key));
  for (const [key, value] of Object.entries(defaultsBeside(given)).filter(isTold)) {
    const amounts = inOurWords(key, value);
    if (amounts !== null && 'sets' in amounts) for (const [ours, its] of Object.entries(amounts.sets)) setKey(values, ours, its);
  }
  const setBy = new Map<string, { readonly said: string; readonly value: unknown }>();
  const take = (key: string, said: string, { ours, value }: { readonly ours: string; readonly value: unknown }): void => {
    const earlier = setBy.get(ours);
    const refusal = refusalOf(ours, value);
    if (isDeepStrictEqual(earlier?.value, value)) moot.push(key);
    else if (earlier !== undefined) notes.push(`\`${said}\` is left out: \`${earlier.said}\` says otherwise, and \`${ours}\` is both`);
    else if (refusal !== null && essential.includes(key)) throw new UserError(`\`${said}\` cannot be had here: ${refusal}`);
    else if (refusal !== null) notes.push(`\`${said}\` is left out: ${refusal}`);
    else {
      setBy.set(ours, { said, value });
      setKey(values, ours, knobOf(ours)?.path && typeof value === 'string' ? (context.find(value) ?? value) : value);
    }
  };
  for (const [key, value] of ownNamesFirst(given).filter(isTold)) {
    const amounts = amountsOf(key, value, given);
    const said = `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
    if (amounts === null) notes.push(`\`${said}\` is left out: it is not known here`);
    else if ('moot' in amounts) moot.push(key);
    else if ('sets' in amounts) for (const [ours, its] of Object.entries(amounts.sets)) take(key, said, { ours, value: its });
    else if (essential.includes(key)) throw new UserError(`\`${said}\` cannot be had here: ${amounts.lacks}`);
    else notes.push(`\`${said}\` is left out: ${amounts.lacks}`);
  }
  setData(values, given, { notes, context });
  return { values, notes, moot };
}

/** An update is scaled by twice the rank, and nothing is evaluated, where it is not said otherwise. */
function defaultsBeside({ lora_rank: rank, eval_strategy, evaluation_strategy }: Plain): Plain {
  return {
    ...theirDefaults,
    lora_alpha: 2 * (typeof rank === 'number' && refusalOf('lora.r', rank) === null ? rank : 8),
    ...((eval_strategy ?? evaluation_strategy) === undefined ? { eval_strategy: 'no' } : {}),
  };
}

/** Of two keys that are one of ours, the one by that name is taken. */
function ownNamesFirst(given: Plain): [string, unknown][] {
  const isOther = ([key]: [string, unknown]): boolean => Object.hasOwn(foreignKeys, key) || inOurWords(key) === null;
  return Object.entries(given).sort((a, b) => Number(isOther(a)) - Number(isOther(b)));
}

function amountsOf(key: string, value: unknown, given: Plain): Amounts | null {
  const { eval_strategy, evaluation_strategy, save_strategy = 'steps', max_steps: updates } = given;
  const strategies: Plain = { eval_steps: eval_strategy ?? evaluation_strategy ?? 'no', save_steps: save_strategy };
  if (strategies[key] === 'no' || strategies[key] === false) return { moot: 'its strategy is `no`' };
  // Transformers takes what is below one for a share of all updates.
  if (!['logging_steps', 'eval_steps', 'save_steps'].includes(key) || typeof value !== 'number' || value <= 0 || value >= 1) return inOurWords(key, value);
  if (typeof updates === 'number' && updates > 0) return { sets: { [`train.${key}`]: Math.ceil(updates * value) } };
  return { lacks: `it is a share of all updates, and how many these are is known when the rows are: \`train.${key}\` counts updates` };
}

/** Entries of one folder: the first is the dataset, the others are mixed in. */
function setData(values: object, given: Plain, { notes, context }: { readonly notes: string[]; readonly context: ImportContext }): void {
  const said = String(given['dataset_dir'] ?? 'data');
  const folder = context.find(said) ?? resolve(said);
  const [first, ...more] = names(given['dataset']);
  if (first === undefined) throw new UserError('`dataset` is missing: it names what is learned');
  const template = templateOf(given, notes, context);
  const each = { ...(template === null ? {} : { template }), ...(typeof given['max_samples'] === 'number' ? { max_samples: given['max_samples'] } : {}) };
  for (const [key, value] of Object.entries({ path: folder, name: first, ...each })) setKey(values, `dataset.${key}`, value);
  if (more.length > 0) setKey(values, 'dataset.mix', more.map((name) => ({ name, ...each })));
  const evaluated = names(given['eval_dataset']);
  if (evaluated.length === 0) return;
  const file = context.entryFile(folder, evaluated[0]);
  if (file === null) notes.push(`\`eval_dataset: ${evaluated.join(',')}\` is left out: name the file of its rows as dataset.eval`);
  else setKey(values, 'dataset.eval', file);
  if (evaluated.length > 1) notes.push(`of \`eval_dataset\` only ${evaluated[0]} is taken: dataset.eval is one`);
}

/** Those made for a family of models are the template that its tokenizer brings along. */
function templateOf({ template, stage }: Plain, notes: string[], { templates }: ImportContext): string | null {
  if (stage === 'pt') return null;
  if (typeof template === 'string' && templates.includes(template)) return template;
  if (typeof template === 'string') notes.push(`\`template: ${template}\` became \`dataset.template: chat_template\`, the one that the tokenizer of the model brings along`);
  return 'chat_template';
}

function names(value: unknown): string[] {
  const listed = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(',') : [];
  return listed.map((name) => name.trim()).filter((name) => name !== '');
}
