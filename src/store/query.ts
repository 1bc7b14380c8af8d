/**
 * Runs chosen and ordered by what they are called, what was set and how they ended:
 *
 *     state:completed lora.r>=16 eval_loss<2 tag:baseline -note:debug "tiny stories"
 *
 * Terms are joined by *and*; a minus before one excludes what it finds. A bare word looks in names, states, tags, notes, model
 * and dataset; `key:text` finds a part of a text; `= != < <= > >=` compare, as numbers where both sides are.
 */
import { knobOf, knobs } from '../config/limits.js';
import { nearest } from '../config/nearest.js';
import { valueAt } from '../config/keys.js';
import { runStates } from './rows.js';
import type { RunRecord } from './rows.js';
import { UserError } from '../util/errors.js';

const columns = [
  'id', 'name', 'state', 'reason', 'created_at', 'started_at', 'ended_at', 'worked_seconds', 'engine', 'tags', 'note', 'step', 'total_steps', 'epoch', 'tokens_seen', 'tokens_per_second',
  'train_loss', 'eval_loss', 'perplexity', 'best_eval_loss', 'accuracy', 'trainable_parameters', 'total_parameters', 'peak_memory_bytes', 'estimated_memory_bytes',
] as const satisfies readonly (keyof RunRecord)[];

const numericColumns: ReadonlySet<string> = new Set([
  'worked_seconds', 'step', 'total_steps', 'epoch', 'tokens_seen', 'tokens_per_second', 'train_loss', 'eval_loss', 'perplexity', 'best_eval_loss', 'accuracy',
  'trainable_parameters', 'total_parameters', 'peak_memory_bytes', 'estimated_memory_bytes',
] satisfies (typeof columns)[number][]);

const aliases: Readonly<Record<string, string>> = { tag: 'tags', loss: 'train_loss', memory: 'peak_memory_bytes', created: 'created_at', ended: 'ended_at', took: 'worked_seconds' };

const collator = new Intl.Collator();

type Test = (run: RunRecord) => boolean;

/** The runs that meet every term of the query, in their order. Throws a UserError for a key or an operator there is not, and for what a number cannot be compared with. */
export function filterRuns(runs: readonly RunRecord[], query: string): RunRecord[] {
  const tests = termsOf(query).map(testOf);
  return runs.filter((run) => tests.every((test) => test(run)));
}

/** Ordered by a key, descending after a minus; runs without a value come last. */
export function sortRuns(runs: readonly RunRecord[], key: string): RunRecord[] {
  const descending = key.startsWith('-');
  const read = reader(descending ? key.slice(1) : key);
  return sortBy(runs, read, descending);
}

/** By what `read` gives; runs where it is null come last in either direction. */
export function sortBy(runs: readonly RunRecord[], read: (run: RunRecord) => unknown, descending: boolean): RunRecord[] {
  const keyed = runs.map((run) => ({ run, value: read(run) }));
  const [having, lacking] = [keyed.filter(({ value }) => value !== null), keyed.filter(({ value }) => value === null)];
  having.sort((a, b) => (descending ? -1 : 1) * order(a.value, b.value));
  return [...having, ...lacking].map(({ run }) => run);
}

/** Every name that a query and an order may use. */
export const queryKeys: readonly string[] = [...columns, ...Object.keys(aliases), ...knobs.map(({ key }) => key)];

/** What may stand at the end of what is typed: `from` is where the part begins that the words replace. */
export interface QueryCompletion {
  readonly from: number;
  readonly words: readonly string[];
}

/** Names of fields for the beginning of one; values for what has few: states, tags, choices. */
export function completeQuery(typed: string, runs: readonly RunRecord[]): QueryCompletion {
  const word = /(?:^|\s)-?([^\s"]*)$/.exec(typed)?.[1] ?? '';
  const from = typed.length - word.length;
  const [, key, operator, value] = /^([\w.]+)(>=|<=|!=|=|<|>|:)(.*)$/s.exec(word) ?? [];
  if (key !== undefined) return { from: from + key.length + operator.length, words: starting(valuesOf(key, runs), value).filter((each) => each !== value) };
  if (word === '') return { from, words: [] };
  const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  const words = [...starting(queryKeys, word), ...queryKeys.filter((name) => name.includes('.') && last(name).startsWith(word.toLowerCase()))];
  return { from, words: [...new Set(words)].filter((each) => each !== word) };
}

function valuesOf(key: string, runs: readonly RunRecord[]): readonly string[] {
  const name = aliases[key] ?? key;
  if (name === 'state') return runStates;
  if (name === 'tags') return [...new Set(runs.flatMap(({ tags }) => tags))].sort();
  return knobOf(name)?.choices ?? [];
}

function starting(words: readonly string[], start: string): string[] {
  return words.filter((word) => word.toLowerCase().startsWith(start.toLowerCase()));
}

/** Splits at spaces that are not inside double quotes. */
function termsOf(query: string): string[] {
  return query.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
}

function testOf(term: string): Test {
  const negated = term.startsWith('-') && term.length > 1;
  const body = (negated ? term.slice(1) : term).replaceAll('"', '');
  const [, key, operator, value] = /^([\w.]+)(>=|<=|!=|=|<|>|:)(.*)$/s.exec(body) ?? [];
  if (key !== undefined && operator !== ':') checkComparison(key, { operator, value, isQuoted: term.includes('"') });
  const test = key === undefined ? containsWord(body) : comparison(reader(key), operator, value);
  return negated ? (run) => !test(run) : test;
}

function checkComparison(key: string, { operator, value, isQuoted }: { readonly operator: string; readonly value: string; readonly isQuoted: boolean }): void {
  const more = isQuoted ? undefined : /^[<>=!]+/.exec(value)?.[0];
  if (more !== undefined) throw new UserError(`there is no operator ${operator}${more} (in ${key}${operator}${value}): use = != < <= > >= or :`);
  if (isNumeric(nameOf(key)) && (value.trim() === '' || Number.isNaN(Number(value))) && !(nameOf(key) === 'worked_seconds' && secondsOf(value) !== null)) throw new UserError(`${key} is a number: ${value === '' ? 'nothing' : `"${value}"`} cannot be compared with it; write ${key}${operator}2`);
}

const units: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** `1m 22s`, `1m22s`, `2h` in seconds, as they are shown; null for another text. */
function secondsOf(text: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?\s*[dhms]\s*)+$/.test(text)) return null;
  return [...text.matchAll(/([\d.]+)\s*([dhms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit], 0);
}

function containsWord(word: string): Test {
  return ({ id, name, state, tags, note, config }) => [id, name, state, ...tags, note, config.model, config.dataset.path].some((text) => contains(text, word));
}

function comparison(read: (run: RunRecord) => unknown, operator: string, wanted: string): Test {
  return (run) => {
    const value = read(run);
    if (Array.isArray(value) && (operator === ':' || operator === '=')) return value.some((item) => String(item).toLowerCase() === wanted.toLowerCase());
    if (operator === ':') return contains(text(value), wanted);
    if (value === null) return operator === '!=';
    const sign = order(value, typeof value === 'number' ? (secondsOf(wanted) ?? wanted) : wanted);
    return { '=': sign === 0, '!=': sign !== 0, '<': sign < 0, '<=': sign <= 0, '>': sign > 0, '>=': sign >= 0 }[operator] ?? false;
  };
}

function nameOf(key: string): string {
  return aliases[key] ?? key.replace(/^(cfg|config)\./, '');
}

function isNumeric(name: string): boolean {
  const knob = knobs.find(({ key }) => key === name);
  return numericColumns.has(name) || (knob !== undefined && (knob.kind === 'int' || knob.kind === 'float') && knob.choices.length === 0);
}

/** A column of the record, or a key of its configuration; `null` where it does not apply. */
function reader(key: string): (run: RunRecord) => unknown {
  const name = nameOf(key);
  const column = columns.find((known) => known === name);
  if (column !== undefined) return (run) => run[column];
  if (knobs.some((knob) => knob.key === name)) return (run) => valueAt(run.config, name) ?? null;
  const meant = nearest(name, queryKeys) ?? queryKeys.find((other) => other.endsWith(`.${name}`)) ?? null;
  throw new UserError(`runs have no \`${key}\`: ${meant === null ? `use a column (${columns.join(', ')}) or a key of the experiment` : `did you mean \`${meant}\`?`}`);
}

/** Negative, zero or positive; as numbers where both are. */
function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [Number(text(a)), Number(text(b))];
  if (text(a) !== '' && text(b) !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return collator.compare(text(a), text(b));
}

function contains(whole: string, part: string): boolean {
  return whole.toLowerCase().includes(part.toLowerCase());
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
