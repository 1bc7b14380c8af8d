/** From anything to a complete, frozen experiment, or one sentence that says what to change. */
import type { z } from 'zod';
import { UserError } from '../util/errors.js';
import { knobOf, knobs } from './limits.js';
import { inPlaceOf } from './foreign/index.js';
import { clauseOf, insteadOf, nearest } from './nearest.js';
import { polynomialEnd, strayOption } from './schedules.js';
import { experimentSchema } from './schema.js';
import type { Experiment, TrainConfig } from './schema.js';

export interface ParseOptions {
  /** Where a key was given, to begin its error with: "e.yaml, line 3". */
  readonly placeOf?: (path: readonly PropertyKey[]) => string;
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly sentence: string;
}

/** Fills in the defaults and freezes. Throws a UserError: the first key that is wrong, why, and what to give. */
export function parseExperiment(value: unknown, options: ParseOptions = {}): Experiment {
  const parsed = experimentSchema.safeParse(value, { reportInput: true });
  const problems = parsed.success ? contradictions(parsed.data) : unknownKeysFirst(parsed.error.issues).flatMap(problemsOf);
  if (problems.length > 0) throw new UserError(`${place(problems[0], options)}${problems[0].sentence}${others(problems.slice(1))}`);
  if (!parsed.success) throw new Error(`the schema refused without an issue: ${parsed.error.message}`);
  return deepFreeze(parsed.data);
}

/** Why a key cannot have a value, whatever the others have, as a sentence; null where it can. */
export function refusalOf(key: string, value: unknown): string | null {
  const alone = key.split('.').reduceRight((inner, part) => ({ [part]: inner }), value);
  const issues = experimentSchema.safeParse(alone, { reportInput: true }).error?.issues ?? [];
  const own = issues.find(({ path }) => `${path.join('.')}.`.startsWith(`${key}.`));
  return own === undefined ? null : problemsOf(own)[0].sentence;
}

function place(problem: Problem, { placeOf }: ParseOptions): string {
  return placeOf === undefined ? '' : `${placeOf(problem.path)}: `;
}

/** A mistyped key also makes the right one missing: it is what the user has to mend. */
function unknownKeysFirst(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const isUnknown = ({ code }: z.core.$ZodIssue) => code === 'unrecognized_keys';
  return [...issues.filter(isUnknown), ...issues.filter((issue) => !isUnknown(issue))];
}

function others(rest: readonly Problem[]): string {
  return rest.length === 0 ? '' : ` (also wrong: ${rest.map(({ path }) => `\`${path.join('.')}\``).join(', ')})`;
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...issue.path, key], (issue.input as Readonly<Record<string, unknown>> | undefined)?.[key]));
  const key = issue.path.join('.');
  if (key === '') return [{ path: [], sentence: `an experiment is a group of keys (model: …, dataset: …), not ${shown(issue.input)}` }];
  return [{ path: issue.path, sentence: issue.code === 'custom' ? `\`${key}\` is ${shown(issue.input)}: it ${issue.message}` : wrongValue(key, issue.input) }];
}

function unknownKey(path: readonly PropertyKey[], value: unknown): Problem {
  const key = path.join('.');
  const instead = insteadOf(key, value);
  const group = path.length > 1 ? String(path[0]) : '';
  const known = knobs.filter((knob) => knob.group === group).map((knob) => knob.key.slice(group === '' ? 0 : group.length + 1));
  return {
    path,
    sentence: instead !== null ? `there is no key \`${key}\`: ${instead}` : `there is no key \`${key}\`${group === '' ? '' : `; \`${group}\` holds ${known.join(', ')}`}: remove it, or see docs/experiment-file.md`,
  };
}

function wrongValue(key: string, input: unknown): string {
  const knob = holder(key);
  if (knob === null) {
    const inside = knobs.filter((each) => each.key.startsWith(`${key}.`)).map((each) => each.key.slice(key.length + 1));
    return `\`${key}\` is ${input === undefined ? 'missing' : shown(input)}: it is a group of keys (${inside.slice(0, 3).join(', ')}${inside.length > 3 ? ', …' : ''})`;
  }
  if (input === undefined) return `\`${key}\` is missing: give ${knob.help}`;
  const elsewhere = inPlaceOf(knob.key, input);
  const meant = typeof input === 'string' ? nearest(input, knob.choices) : null;
  const quotes = knob.kind === 'text' && (typeof input === 'number' || typeof input === 'boolean') ? ' (put it in quotes)' : '';
  return `\`${key}\` is ${shown(input)}: it must be ${knob.expects}${quotes}${elsewhere !== null ? `; ${clauseOf(elsewhere, input)}` : meant === null ? '' : `; did you mean ${meant}?`}`;
}

/** The knob a path leads to or into: `lora.target_modules.0` is part of `lora.target_modules`. */
function holder(key: string): ReturnType<typeof knobOf> {
  return knobOf(key) ?? (/\.\d+$/.test(key) ? knobOf(key.replace(/\.\d+$/, '')) : null);
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? 'nothing';
  if (text.length <= 60) return text;
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a group of keys' : `${text.slice(0, 57)}…"`;
}

/** Choices that are each allowed but cannot both be meant. */
function contradictions(experiment: Experiment): Problem[] {
  const { dataset, finetuning, init, lora, loss, quantization, stage } = experiment;
  const found: Problem[] = [];
  if (dataset.eval !== null && dataset.val_size > 0) {
    found.push({ path: ['dataset', 'val_size'], sentence: '`dataset.eval` and `dataset.val_size` both choose the evaluation rows: keep one of them' });
  }
  if (init === 'random' && finetuning !== 'full') {
    found.push({ path: ['init'], sentence: `\`init: random\` starts without trained weights, of which \`finetuning: ${finetuning}\` would keep most as they are: set \`finetuning: full\`` });
  }
  if (lora.adapter_name_or_path !== null && finetuning !== 'lora') {
    found.push({ path: ['lora', 'adapter_name_or_path'], sentence: `\`lora.adapter_name_or_path\` goes on from an adapter, which \`finetuning: ${finetuning}\` does not train: set \`finetuning: lora\` or remove it` });
  }
  if (quantization !== 'none' && finetuning !== 'lora') {
    found.push({ path: ['quantization'], sentence: `\`quantization: ${quantization}\` holds weights that do not learn, of which \`finetuning: ${finetuning}\` writes a whole model: set \`finetuning: lora\` or \`quantization: none\`` });
  }
  if (loss.type !== 'keytoken' && loss.tokens.length > 0) {
    found.push({ path: ['loss', 'tokens'], sentence: `\`loss.tokens\` is for \`loss.type: keytoken\`, and it is ${loss.type}: set the type, or remove them` });
  }
  if (loss.type === 'keytoken' && stage === 'classify') {
    found.push({ path: ['loss', 'type'], sentence: '`loss.type: keytoken` is for texts, and `stage: classify` learns one class a text: weigh rows by `dataset.weight_column`' });
  }
  if (experiment.train.metric_for_best_model === 'accuracy' && dataset.format !== 'classification') {
    found.push({ path: ['train', 'metric_for_best_model'], sentence: `\`train.metric_for_best_model: accuracy\` is measured with \`dataset.format: classification\`, and it is ${dataset.format}: set it to eval_loss` });
  }
  if (experiment.train.loraplus_lr_ratio !== null && finetuning !== 'lora') {
    found.push({ path: ['train', 'loraplus_lr_ratio'], sentence: `\`train.loraplus_lr_ratio\` is for the matrices of an adapter, which \`finetuning: ${finetuning}\` has none of: set \`finetuning: lora\` or remove it` });
  }
  if (experiment.train.neftune_noise_alpha !== null && stage === 'seq2seq') {
    found.push({ path: ['train', 'neftune_noise_alpha'], sentence: '`train.neftune_noise_alpha` is for models of one stack, and `stage: seq2seq` trains an encoder and a decoder: remove it' });
  }
  const { metric_for_best_model: metric, predict_with_generate: predicts } = experiment.train;
  if (metric !== 'eval_loss' && metric !== 'accuracy' && !predicts) {
    found.push({ path: ['train', 'metric_for_best_model'], sentence: `\`train.metric_for_best_model: ${metric}\` is measured on answers to the rows: set train.predict_with_generate, or the metric to eval_loss` });
  }
  return [...found, ...contradictionsOfSchedule(experiment.train)];
}

function contradictionsOfSchedule(train: TrainConfig): Problem[] {
  const { lr_scheduler_kwargs: options, learning_rate: peak } = train;
  const at = (option: keyof typeof options, sentence: string): Problem => ({ path: ['train', 'lr_scheduler_kwargs', option], sentence: `\`train.lr_scheduler_kwargs.${option}\` ${sentence}` });
  const stray = strayOption(train);
  if (stray !== null) return [{ path: ['train', 'lr_scheduler_kwargs', stray.option], sentence: stray.sentence }];
  if (options.min_lr !== null && options.min_lr_rate !== null) return [at('min_lr_rate', 'and `min_lr` both say how low the rate falls: keep one of them')];
  const floors = { min_lr: options.min_lr ?? 0, lr_end: options.lr_end ?? (train.lr_scheduler_type === 'polynomial' ? polynomialEnd : 0) };
  const floor = (['min_lr', 'lr_end'] as const).find((option) => floors[option] >= peak);
  return floor === undefined ? [] : [at(floor, `is ${floors[floor]}: it must be below train.learning_rate (${peak})`)];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
