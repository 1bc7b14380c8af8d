/** One run as text. */
import { changedKeys } from '../../config/diff.js';
import { groupText } from '../../config/groups.js';
import { valueAt } from '../../config/keys.js';
import type { Experiment } from '../../config/schema.js';
import type { RunRecord } from '../../store/rows.js';
import { runSeconds } from '../../ui/format/run.js';
import { clean } from '../../ui/format/text.js';
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare, formatShort } from '../../util/format.js';
import type { Style } from '../terminal.js';
import { stateTone } from './runs.js';
import { facts } from './table.js';

export function runFacts(run: RunRecord, { now, style }: { readonly now: number; readonly style: Style }): string[] {
  const reason = run.reason === null ? '' : `: ${clean(run.reason)}`;
  return facts(
    [
      ['name', clean(run.name)],
      ['id', run.id],
      ['state', style.paint(`${run.state}${reason}`, stateTone[run.state])],
      ['created', run.created_at],
      ['took', when(runSeconds(run, now), formatDuration)],
      ['step', run.total_steps === null ? null : `${run.step} of ${run.total_steps}${run.epoch === null ? '' : `, epoch ${run.epoch.toFixed(2)}`}`],
      ['train loss', when(run.train_loss, formatNumber)],
      ['eval loss', evalText(run)],
      ['accuracy', when(run.accuracy, formatShare)],
      ['tokens', when(run.tokens_seen, (tokens) => `${formatCount(tokens)}${run.tokens_per_second === null ? '' : `, ${formatShort(run.tokens_per_second)} a second`}`)],
      ['parameters', run.trainable_parameters === null || run.total_parameters === null ? null : `${formatCount(run.trainable_parameters)} of ${formatCount(run.total_parameters)} trained`],
      ['memory', memoryText(run)],
      ['engine', when(run.engine, clean)],
      ['checkpoints', run.checkpoints.length === 0 ? null : run.checkpoints.map(({ step, valid }) => `${step}${valid ? '' : ' (damaged)'}`).join(', ')],
      ['resumed from', run.resumed_from],
      ['branch of', run.parent],
      ['output', run.output],
      ['tags', run.tags.length === 0 ? null : clean(run.tags.join(' '))],
      ['note', clean(run.note) || null],
    ],
    style,
  );
}

/** The keys that are not at their default; the run's own name goes before the one in its configuration. */
export function settingsLines(config: Experiment, style: Style): string[] {
  const keys = changedKeys(config).filter((key) => key !== 'name');
  return facts(keys.map((key) => [key, settingText(valueAt(config, key))] as const), style);
}

export function settingText(value: unknown): string {
  const groups = Array.isArray(value) && value.some((each) => typeof each === 'object');
  return clean(typeof value === 'string' ? value : groups ? value.map(groupText).join(' | ') : JSON.stringify(value ?? null));
}

function evalText({ eval_loss, perplexity, best_eval_loss }: RunRecord): string | null {
  if (eval_loss === null) return null;
  const more = perplexity === null ? '' : `, perplexity ${formatNumber(perplexity)}`;
  const best = best_eval_loss === null || best_eval_loss === eval_loss ? '' : `, best ${formatNumber(best_eval_loss)}`;
  return `${formatNumber(eval_loss)}${more}${best}`;
}

function memoryText({ peak_memory_bytes, estimated_memory_bytes }: RunRecord): string | null {
  const parts = [when(peak_memory_bytes, (bytes) => `${formatBytes(bytes)} at its peak`), when(estimated_memory_bytes, (bytes) => `${formatBytes(bytes)} estimated`)];
  return parts.filter((part) => part !== null).join(', ') || null;
}

function when<Value>(value: Value | null, format: (value: Value) => string): string | null {
  return value === null ? null : format(value);
}
