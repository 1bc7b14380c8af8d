/** Runs side by side; each goes by a letter, in tables and in the chart. */
import type { RunRecord } from '../../store/rows.js';
import { formatBytes, formatDuration, formatNumber, formatShare, formatShort } from '../../util/format.js';
import { toneOf } from '../../ui/format/curve-look.js';
import { runSeconds } from '../../ui/format/run.js';
import { settingCourse } from '../../ui/screens/compare/settings.js';
import type { ConfigDifference } from '../../ui/screens/compare/settings.js';
import { letterOf } from './overlay.js';
import { settingText } from './run.js';
import { optional, stateTone } from './runs.js';
import { table, type TableLook } from './table.js';

export function endTable(runs: readonly RunRecord[], { now, ...look }: { readonly now: number } & TableLook): string[] {
  return table(
    [
      { title: '', value: (run) => letterOf(runs.indexOf(run)), tone: (run) => toneOf(runs.indexOf(run)) },
      { title: 'name', value: (run) => run.name, shrink: true },
      { title: 'id', value: (run) => run.id, tone: () => 'muted' },
      { title: 'state', value: (run) => run.state, tone: (run) => stateTone[run.state] },
      { title: 'step', value: (run) => String(run.step), right: true },
      { title: 'loss', value: (run) => optional(run.train_loss, formatNumber), right: true },
      { title: 'eval', value: (run) => optional(run.eval_loss, formatNumber), right: true },
      { title: 'best eval', value: (run) => optional(run.best_eval_loss, formatNumber), right: true },
      { title: 'accuracy', value: (run) => optional(run.accuracy, formatShare), right: true },
      { title: 'trained', value: (run) => optional(run.trainable_parameters, formatShort), right: true, spare: true },
      { title: 'took', value: (run) => optional(runSeconds(run, now), formatDuration), right: true, spare: true },
      { title: 'tok/s', value: (run) => optional(run.tokens_per_second, formatShort), right: true, spare: true },
      { title: 'memory', value: (run) => optional(run.peak_memory_bytes, formatBytes), right: true, spare: true },
    ],
    runs,
    look,
  );
}

export function differenceTable(differences: readonly ConfigDifference[], count: number, look: TableLook): string[] {
  if (differences.length === 0) return ['The configurations are the same.'];
  const values = Array.from({ length: count }, (_, i) => ({ title: letterOf(i), value: (row: ConfigDifference) => settingCourse(row, i, settingText, look.style.glyphs.right), shrink: true }));
  return table([{ title: 'key', value: (row: ConfigDifference) => row.key }, ...values], differences, look);
}
