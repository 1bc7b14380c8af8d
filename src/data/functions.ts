/** Functions of a person's module over rows. What they throw, or give that cannot be used, rejects the row. */
import type { ExperimentFunctions, Prompt, Row } from '../config/define.js';
import { messageOf } from '../util/errors.js';
import { type Example, UnusableRow } from './template/example.js';
import { rowTemplate, type Format, type RowTemplate, type RowValue } from './template/formats.js';
import type { Tokenizer } from './tokenizer/index.js';

/** How much each token of a row counts; throws UnusableRow. */
export type TokenWeights = (ids: Int32Array, row: RowValue) => Float32Array;

/** Columns that what a prompt function gives is looked at under. */
export const promptColumns = ['text', 'prompt', 'completion', 'messages'] as const;

/** Calls it; what it throws is why the row cannot be used. */
function asked<T>(name: keyof ExperimentFunctions, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new UnusableRow(`${name} threw: ${messageOf(error)}`);
  }
}

export function rowPredicate(filter: NonNullable<ExperimentFunctions['filter']>): (row: Row) => boolean {
  return (row) => {
    const answer: unknown = asked('filter', () => filter(row));
    if (typeof answer !== 'boolean') throw new UnusableRow(`filter gave ${shown(answer)}, not true or false`);
    return answer;
  };
}

export function rowWeight(weight: NonNullable<ExperimentFunctions['weight']>): (row: Row) => number {
  return (row) => {
    const value: unknown = asked('weight', () => weight(row));
    if (!isWeight(value)) throw new UnusableRow(`weight gave ${shown(value)}, not a number of at least 0`);
    return value;
  };
}

export function tokenWeights(weigh: NonNullable<ExperimentFunctions['tokenWeights']>, tokenizer: Tokenizer): TokenWeights {
  const known = new Map<number, string>();
  const textOf = (id: number): string => {
    const text = known.get(id) ?? tokenizer.token(id);
    known.set(id, text);
    return text;
  };
  return (ids, row) => {
    const given: unknown = asked('tokenWeights', () => weigh({ tokens: Array.from(ids, textOf), ids, text: tokenizer.decode(ids, { special: true }), row }));
    if (!isListOfNumbers(given)) throw new UnusableRow(`tokenWeights gave ${shown(given)}, not a list of numbers`);
    if (given.length !== ids.length) throw new UnusableRow(`tokenWeights gave ${given.length} weights for ${ids.length} tokens`);
    const weights = Float32Array.from(given);
    const wrong = weights.findIndex((weight) => !isWeight(weight));
    if (wrong >= 0) throw new UnusableRow(`tokenWeights gave ${shown(given[wrong])} for token ${wrong + 1}, not a number of at least 0`);
    return weights;
  };
}

/** The columns that the function gives a row, and no others. Throws UnusableRow. */
export function promptRow(prompt: NonNullable<ExperimentFunctions['prompt']>): (row: RowValue) => RowValue {
  return (row) => formatOf(asked('prompt', () => prompt(row))).value;
}

/** Reads rows by what the function makes of them; `value` is the row with that in it, for filters. Throws UnusableRow. */
export function promptReader(prompt: NonNullable<ExperimentFunctions['prompt']>, template: string | null, tokenizer: Tokenizer): (row: RowValue) => { readonly example: Example; readonly value: RowValue } {
  const templates = new Map<Format, RowTemplate>();
  const templateOf = (format: Format): RowTemplate => {
    const known = templates.get(format) ?? rowTemplate({ format, columns: {}, tags: {}, template: format === 'text' ? null : template }, tokenizer);
    templates.set(format, known);
    return known;
  };
  return (row) => {
    const { format, value } = formatOf(asked('prompt', () => prompt(row)));
    return { example: templateOf(format)(value), value: { ...row, ...value } };
  };
}

function formatOf(given: Prompt): { readonly format: Format; readonly value: RowValue } {
  const value: unknown = given;
  if (typeof value === 'string') return { format: 'text', value: { text: value } };
  if (Array.isArray(value)) return { format: 'chat', value: { messages: value as unknown[] } };
  if (typeof value === 'object' && value !== null && 'prompt' in value && 'completion' in value) return { format: 'prompt-completion', value: { ...value } };
  throw new UnusableRow(`prompt gave ${shown(value)}, not a text, { prompt, completion } or a list of messages`);
}

function isWeight(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isListOfNumbers(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value)) return !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array);
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}

function shown(value: unknown): string {
  if (value instanceof Promise) return 'a promise (functions of rows cannot wait)';
  return typeof value === 'object' || typeof value === 'string' ? (JSON.stringify(value)?.slice(0, 60) ?? 'nothing') : String(value);
}
