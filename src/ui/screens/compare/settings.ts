/** What was set differently in runs, those included that were changed on the way. */
import { isDeepStrictEqual } from 'node:util';
import { flatten } from '../../../config/diff.js';
import type { Experiment } from '../../../config/schema.js';
import type { HistoryRow, StoreReader } from '../../../store/rows.js';

/** What the configuration of a run does not say: what was first asked for (null: the same), and when it was changed. */
export interface Past {
  readonly original: Experiment | null;
  readonly history: readonly HistoryRow[];
}

export interface SettingChange {
  /** Updates done before it held; null where only a resume can have brought it. */
  readonly step: number | null;
  readonly from: unknown;
  readonly to: unknown;
}

/** A key that is not the same in all. The name is what they are told apart by. */
export interface ConfigDifference {
  readonly key: string;
  /** In each run: what holds now, or held at the end. */
  readonly values: readonly unknown[];
  /** In each run: how it came to that, in the order of time. */
  readonly changes: readonly (readonly SettingChange[])[];
}

export function pastOf(reader: StoreReader, runId: string): Past {
  return { original: reader.original(runId), history: reader.history(runId) };
}

/** A key differs too where two runs have come to one value by different ways. Without its past a run is what its configuration says. */
export function configDifferences(runs: readonly { readonly config: Experiment; readonly past?: Past | undefined }[]): ConfigDifference[] {
  const flat = runs.map(({ config }) => flatten(config));
  const originals = runs.map(({ past }) => (past?.original ? flatten(past.original) : null));
  return [...(flat[0]?.keys() ?? [])]
    .map((key) => ({
      key,
      values: flat.map((values) => values.get(key)),
      changes: runs.map(({ past }, i) => changesOf({ first: (originals[i] ?? flat[i]).get(key), last: flat[i].get(key) }, told(key, past?.history ?? []))),
    }))
    .filter(({ key, values, changes }) => key !== 'name' && (differ(values) || differ(changes)));
}

/** `2e-4 → 1e-4 @ step 120`: what it was and became. */
export function settingCourse({ values, changes }: ConfigDifference, run: number, show: (value: unknown) => string, arrow: string): string {
  const [value, steps] = [values[run], changes[run]];
  if (steps.length === 0) return show(value);
  return [show(steps[0].from), ...steps.map(({ step, to }) => `${show(to)}${step === null ? '' : ` @ step ${step}`}`)].join(` ${arrow} `);
}

function differ(each: readonly unknown[]): boolean {
  return each.some((one) => !isDeepStrictEqual(one, each[0]));
}

type Told = Pick<SettingChange, 'step' | 'to'>;

function told(key: string, history: readonly HistoryRow[]): Told[] {
  return history.flatMap(({ type, step, details }) => {
    const changes = type === 'changed' ? (details['changes'] as Readonly<Record<string, unknown>>) : {};
    const name = key.replace(/^train\./, '');
    return name !== key && Object.hasOwn(changes, name) ? [{ step, to: changes[name] }] : [];
  });
}

function changesOf({ first, last }: { readonly first: unknown; readonly last: unknown }, heard: readonly Told[]): SettingChange[] {
  const reached = heard.length > 0 ? heard[heard.length - 1].to : first;
  const all = isDeepStrictEqual(reached, last) ? heard : [...heard, { step: null, to: last }];
  return all.map(({ step, to }, i) => ({ step, from: i === 0 ? first : all[i - 1].to, to })).filter(({ from, to }) => !isDeepStrictEqual(from, to));
}
