/** The table of runs. */
import type { RunRecord, RunState } from '../../store/rows.js';
import { runSeconds } from '../../ui/format/run.js';
import type { Tone } from '../../ui/theme.js';
import { formatDuration, formatNumber, formatShare, formatShort } from '../../util/format.js';
import { table, type Column, type TableLook } from './table.js';

export function runsTable(runs: readonly RunRecord[], { now, ...look }: { readonly now: number } & TableLook): string[] {
  const columns: Column<RunRecord>[] = [
    { title: 'id', value: (run) => run.id, tone: () => 'muted' },
    { title: 'name', value: (run) => run.name, shrink: true },
    { title: 'state', value: (run) => (canGoOn(run) ? `${run.state} ${look.style.glyphs.right}` : run.state), tone: (run) => stateTone[run.state] },
    { title: 'step', value: (run) => (run.total_steps === null ? '' : `${run.step}/${run.total_steps}`), right: true },
    { title: 'loss', value: (run) => optional(run.train_loss, formatNumber), right: true },
    { title: 'eval', value: (run) => optional(run.eval_loss, formatNumber), right: true },
    { title: 'accuracy', value: (run) => optional(run.accuracy, formatShare), right: true, spare: true },
    { title: 'tok/s', value: (run) => optional(run.tokens_per_second, formatShort), right: true, spare: true },
    { title: 'took', value: (run) => optional(runSeconds(run, now), formatDuration), right: true, spare: true },
    { title: 'created', value: (run) => `${formatDuration((now - Date.parse(run.created_at)) / 1000)} ago`, right: true },
    { title: 'tags', value: (run) => run.tags.join(' '), tone: () => 'accent', spare: true },
  ];
  return table(columns, runs, look);
}

/** Whether it was cut short and has a whole checkpoint to go on from; looks at the disk. */
export function canGoOn({ state, checkpoints }: RunRecord): boolean {
  return (state === 'stopped' || state === 'failed' || state === 'crashed') && checkpoints.some(({ valid }) => valid);
}

export const stateTone: Readonly<Record<RunState, Tone>> = {
  queued: 'muted',
  running: 'accent',
  paused: 'warn',
  completed: 'good',
  stopped: 'warn',
  failed: 'bad',
  crashed: 'bad',
};

export function optional<Value>(value: Value | null, format: (value: Value) => string): string {
  return value === null ? '' : format(value);
}
