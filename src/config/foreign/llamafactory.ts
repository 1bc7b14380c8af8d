/**
 * A training file of LLaMA-Factory as an experiment: its keys in ours, and its defaults where ours are others, so that what runs here is
 * what would have run there. https://github.com/hiyouga/LLaMA-Factory/tree/main/src/llamafactory/hparams
 */
import { resolve } from 'node:path';
import { UserError } from '../../util/errors.js';
import { setKey } from '../keys.js';
import { knobOf } from '../limits.js';
import { inOurWords } from './index.js';

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

/** Its defaults that ours are not; `lora_alpha` is twice the rank. */
const theirDefaults = {
  cutoff_len: 2048, lora_target: 'all', learning_rate: 5e-5, lr_scheduler_type: 'linear', per_device_train_batch_size: 8, num_train_epochs: 3, save_steps: 500, save_total_limit: null, eval_strategy: 'no',
} as const;

/** Told together, and not key by key. */
const ofData = ['dataset', 'dataset_dir', 'eval_dataset', 'template', 'max_samples'];

/** Without these it is no such file. */
const tellTale = ['model_name_or_path', 'finetuning_type', 'cutoff_len', 'dataset_dir'];

export function isLlamaFactory(given: object): boolean {
  return tellTale.some((key) => Object.hasOwn(given, key));
}

/** Throws a UserError where it does what cannot be done here. */
export function fromLlamaFactory(given: Plain, context: ImportContext): Imported {
  const values = {};
  const notes: string[] = [];
  const moot: string[] = [];
  const { finetuning_type: finetuning = 'lora', lora_rank: rank = 8 } = given;
  const told = Object.entries({ ...theirDefaults, lora_alpha: 2 * Number(rank), ...given });
  const skipped = [...ofData, ...('evaluation_strategy' in given ? ['eval_strategy'] : []), ...(finetuning === 'lora' ? [] : ['lora_alpha', 'lora_target', 'lora_rank', 'lora_dropout'])];
  for (const [key, value] of told.filter(([key]) => !skipped.includes(key))) {
    const amounts = inOurWords(key, value);
    const shown = `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
    if (amounts === null) notes.push(`\`${shown}\` is left out: it is not known here`);
    else if ('moot' in amounts) moot.push(key);
    else if ('sets' in amounts) for (const [ours, its] of Object.entries(amounts.sets)) setKey(values, ours, knobOf(ours)?.path && typeof its === 'string' ? (context.find(its) ?? its) : its);
    else if (key === 'stage' || key === 'finetuning_type') throw new UserError(`\`${shown}\` cannot be had here: ${amounts.lacks}`);
    else notes.push(`\`${shown}\` is left out: ${amounts.lacks}`);
  }
  setData(values, given, { notes, context });
  return { values, notes, moot };
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
