/**
 * Runs chosen and ordered by what they are called, what was set and how they ended:
 *
 *     state:completed lora.r>=16 eval_loss<2 tag:baseline -note:debug "tiny stories"
 *
 * Terms are joined by *and*; a minus before one excludes what it finds. A bare word looks in names, states, tags, notes, model
 * and dataset; `key:text` finds a part of a text; `= != < <= > >=` compare, as numbers where both sides are.
 */
import { knobs } from '../config/limits.js';
import { nearest } from '../config/nearest.js';
import { valueAt } from '../config/keys.js';
import type { RunRecord } from './rows.js';
import { UserError } from '../util/errors.js';

const columns = [
  'id', 'name', 'state', 'reason', 'created_at', 'started_at', 'ended_at', 'engine', 'tags', 'note', 'step', 'total_steps', 'epoch', 'tokens_seen', 'tokens_per_second',
  'train_loss', 'eval_loss', 'perplexity', 'best_eval_loss', 'accuracy', 'trainable_parameters', 'total_parameters', 'peak_memory_bytes', 'estimated_memory_bytes',
] as const satisfies readonly (keyof RunRecord)[];

const aliases: Readonly<Record<string, string>> = { tag: 'tags', loss: 'train_loss', memory: 'peak_memory_bytes', created: 'created_at', ended: 'ended_at' };

type Test = (run: RunRecord) => boolean;

/** The runs that meet every term of the query, in their order. Throws a UserError for a key there is not. */
export function filterRuns(runs: readonly RunRecord[], query: string): RunRecord[] {
  const tests = termsOf(query).map(testOf);
  return runs.filter((run) => tests.every((test) => test(run)));
}

/** Ordered by a key, descending after a minus; runs without a value come last. */
export function sortRuns(runs: readonly RunRecord[], key: string): RunRecord[] {
  const descending = key.startsWith('-');
  const read = reader(descending ? key.slice(1) : key);
  const [having, lacking] = [runs.filter((run) => read(run) !== null), runs.filter((run) => read(run) === null)];
  having.sort((a, b) => (descending ? -1 : 1) * order(read(a), read(b)));
  return [...having, ...lacking];
}

/** Splits at spaces that are not inside double quotes. */
function termsOf(query: string): string[] {
  return query.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
}

function testOf(term: string): Test {
  const negated = term.startsWith('-') && term.length > 1;
  const body = (negated ? term.slice(1) : term).replaceAll('"', '');
  const [, key, operator, value] = /^([\w.]+)(>=|<=|!=|=|<|>|:)(.*)$/s.exec(body) ?? [];
  const test = key === undefined ? containsWord(body) : comparison(reader(key), operator, value);
  return negated ? (run) => !test(run) : test;
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
    const sign = order(value, wanted);
    return { '=': sign === 0, '!=': sign !== 0, '<': sign < 0, '<=': sign <= 0, '>': sign > 0, '>=': sign >= 0 }[operator] ?? false;
  };
}

/** A column of the record, or a key of its configuration; `null` where it does not apply. */
function reader(key: string): (run: RunRecord) => unknown {
  const name = aliases[key] ?? key.replace(/^(cfg|config)\./, '');
  const column = columns.find((known) => known === name);
  if (column !== undefined) return (run) => run[column];
  if (knobs.some((knob) => knob.key === name)) return (run) => valueAt(run.config, name) ?? null;
  const known = [...columns, ...Object.keys(aliases), ...knobs.map((knob) => knob.key)];
  const meant = nearest(name, known) ?? known.find((other) => other.endsWith(`.${name}`)) ?? null;
  throw new UserError(`runs have no \`${key}\`: ${meant === null ? `use a column (${columns.join(', ')}) or a key of the experiment` : `did you mean \`${meant}\`?`}`);
}

/** Negative, zero or positive; as numbers where both are. */
function order(a: unknown, b: unknown): number {
  const [x, y] = [Number(text(a)), Number(text(b))];
  if (text(a) !== '' && text(b) !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return text(a).localeCompare(text(b));
}

function contains(whole: string, part: string): boolean {
  return whole.toLowerCase().includes(part.toLowerCase());
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
