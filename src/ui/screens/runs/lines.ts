/** What the history says, as lines. */
import type { Knob } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { formatCount, formatDuration, formatNumber, formatShare } from '../../../util/format.js';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { reasonTone, runSeconds, stateSpan } from '../../format/run.js';
import { clean, fit, wrap } from '../../format/text.js';
import type { RunData } from '../../run-data.js';
import { newsLines, noSamples } from '../live/lines.js';
import { isUnended } from '../../../store/rows.js';
import { valueAt } from '../new-run/draft.js';
import { showValue } from '../new-run/knob.js';
import { ancestryOf, branchesOf } from './lineage.js';
import type { Tab } from './state.js';

/** What the row under the cursor has no room for, in at most `height` lines: why it ended, where it comes from, what was said of it. */
export function detailLines(run: RunRecord, runs: readonly RunRecord[], { width, height, now, arrow }: { readonly width: number; readonly height: number; readonly now: number; readonly arrow: string }): Line[] {
  const [state, ...reason] = summaryLines(run, now, width);
  const family = familyLine(run, runs, arrow);
  const said = [run.tags.length > 0 ? [`tags ${clean(run.tags.join(' '))}`, 'accent'] as const : '', run.tags.length > 0 && run.note !== '' ? '  ' : '', run.note !== '' ? [`note: ${clean(run.note)}`, 'muted'] as const : ''];
  const first = reason.length > 0 && height < 4 ? [...state, { text: '  ' }, ...reason[0]] : state;
  return [first, ...(family ? [family] : []), ...(run.tags.length > 0 || run.note !== '' ? [line(...said)] : []), ...(height < 4 ? [] : reason)].slice(0, height);
}

/** `root → branch from step 40 → this one; 2 branches`; null for a run without relations. */
function familyLine(run: RunRecord, runs: readonly RunRecord[], arrow: string): Line | null {
  const ancestry = ancestryOf(run, runs);
  const branches = branchesOf(run, runs);
  const resumed = run.resumed_from === null ? '' : `went on from ${stepOf(run.resumed_from)}`;
  if (ancestry.length === 1 && branches.length === 0 && resumed === '') return null;
  const chain = ancestry.map(({ name }) => clean(name)).join(` ${arrow} `);
  const below = branches.length === 0 ? '' : `${arrow} ${branches.map(({ name }) => clean(name)).join(', ')}`;
  return line(['lineage ', 'muted'], chain, [below === '' ? '' : `  ${below}`, 'muted'], [resumed === '' ? '' : `  ${resumed}`, 'muted']);
}

function stepOf(checkpoint: string): string {
  const step = /step-(\d+)\/?$/.exec(checkpoint)?.[1];
  return step === undefined ? 'a checkpoint' : `step ${step}`;
}

/** How it stands and what came out; why it ended on lines of its own, whole. */
export function summaryLines(run: RunRecord, now: number, width: number): Line[] {
  const seconds = runSeconds(run, now);
  const facts = [
    run.total_steps === null ? `step ${formatCount(run.step)}` : `step ${formatCount(run.step)}/${formatCount(run.total_steps)}`,
    run.train_loss === null ? null : `loss ${formatNumber(run.train_loss)}`,
    run.eval_loss === null ? null : `eval ${formatNumber(run.eval_loss)}`,
    run.accuracy === null ? null : `accuracy ${formatShare(run.accuracy)}`,
    seconds === null ? null : formatDuration(seconds),
  ].filter((fact) => fact !== null);
  const reason = run.reason === null ? [] : wrap(run.reason, width).map((text) => line([text, reasonTone(run)]));
  return [line(stateSpan(run), `  ${facts.join('  ')}`), ...reason];
}

interface TabContent {
  readonly width: number;
  readonly knobs: readonly Knob[];
  readonly newline: string;
}

export function tabLines(tab: Tab, data: RunData, { width, knobs, newline }: TabContent): Line[] {
  switch (tab) {
    case 'configuration':
      return configurationLines(data.record, knobs, width);
    case 'samples':
      return orNone(newsLines({ ...data, warnings: [] }, width, newline), isUnended(data.record) && data.record.config.sample.prompts.length > 0 ? 'No sample yet: they come after evaluations.' : noSamples(data.record));
    case 'checkpoints':
      return checkpointLines(data.record, width);
    case 'warnings':
      return orNone(newsLines({ ...data, samples: [] }, width, newline), 'No warnings.');
  }
}

/** Every knob; what is not at its default stands out. */
function configurationLines({ id, config, engine, trainable_parameters, total_parameters }: RunRecord, knobs: readonly Knob[], width: number): Line[] {
  const row = (key: string, value: string, changed: boolean): Line => line([fit(key, Math.min(36, Math.floor(width / 2))), 'muted'], ' ', [clean(value), changed ? 'accent' : 'plain']);
  const trained = trainable_parameters === null || total_parameters === null ? [] : [row('trainable parameters', `${formatCount(trainable_parameters)} of ${formatCount(total_parameters)} (${formatShare(trainable_parameters / total_parameters)})`, false)];
  const shown = knobs.filter(({ group }) => (group !== 'lora' && group !== 'freeze') || group === config.finetuning);
  return [
    row('id', id, false),
    ...(engine === null ? [] : [row('engine', engine, false)]),
    ...trained,
    blank,
    ...shown.map((knob) => {
      const value = valueAt(config, knob.key);
      return row(knob.key, showValue(value), showValue(value) !== showValue(knob.default));
    }),
  ];
}

function checkpointLines({ checkpoints, output, resumed_from }: RunRecord, width: number): Line[] {
  const result = output === null ? [] : [line(['result  ', 'muted'], [clean(output), 'good']), blank];
  const origin = resumed_from === null ? [] : [line(['resumed from  ', 'muted'], clean(resumed_from)), blank];
  const kept = checkpoints.toReversed().flatMap(({ step, path, valid }) => wrap(path, width - 24).map((part, i) => line(fit(i === 0 ? `step ${formatCount(step)}` : '', 14), [fit(i === 0 ? (valid ? 'whole' : 'broken') : '', 8), valid ? 'good' : 'bad'], [part, 'muted'])));
  return orNone([...result, ...origin, ...kept], 'No checkpoint yet.');
}

function orNone(lines: Line[], none: string): Line[] {
  return lines.length > 0 ? lines : [line([none, 'muted'])];
}
