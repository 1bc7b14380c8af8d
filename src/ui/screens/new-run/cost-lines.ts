/** What a draft would cost, as lines: parameters, updates, time, memory against what there is, and advice. */
import type { Advice } from '../../../config/advice.js';
import type { DataPreview } from '../../../data/look/preview.js';
import type { Estimate, MemoryParts } from '../../../trainer/estimate.js';
import { formatBytes, formatCount, formatDuration, formatFlops, formatShare, formatShort } from '../../../util/format.js';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { clean, fit, wrap } from '../../format/text.js';
import type { MemoryTone, Theme, Tone } from '../../theme.js';
import { stackedBar } from '../../widgets/bar.js';
import { epochTokens, predicted } from './pace.js';
import type { KnownPace } from './pace.js';
import type { Probe } from './state.js';

const parts: readonly { readonly key: MemoryTone & keyof MemoryParts; readonly label: string }[] = [
  { key: 'weights', label: 'weights' },
  { key: 'trainable', label: 'trainable' },
  { key: 'gradients', label: 'gradients' },
  { key: 'optimizer', label: 'optimizer' },
  { key: 'activations', label: 'activations' },
  { key: 'runtime', label: 'program' },
];

const basis: { readonly [B in Estimate['based_on']]: string } = {
  rows: ', longest rows',
  max_length: ', at max length', // until the data is tokenised
};

export interface Costs {
  readonly estimate: Estimate;
  readonly pace: KnownPace | null;
  readonly probe: Probe | null;
  readonly preview: DataPreview | null;
}

const fact = (name: string, ...rest: Line): Line => line([fit(name, 12), 'muted'], ...rest);

/** Columns from which on there is room for more than the figures. */
const wide = 36;

/** Parameters, updates, time and memory. */
export function costLines({ estimate, pace, probe, preview }: Costs, width: number, { glyphs }: Theme): Line[] {
  const { memory, memory_bytes, available_memory_bytes: available, fits } = estimate;
  const tokens = epochTokens(estimate, preview);
  return [
    fact('trainable', { text: formatCount(estimate.trainable_parameters) }, { text: `  ${formatShare(estimate.trainable_parameters / estimate.total_parameters)}`, tone: 'accent' }),
    fact('parameters', { text: formatCount(estimate.total_parameters) }),
    fact('updates', { text: counted(estimate.steps, glyphs.dash) }),
    fact('  an epoch', { text: counted(estimate.steps_per_epoch, glyphs.dash) }, { text: tokens === null ? '' : width < wide ? `  ${formatShort(tokens)} tok` : `  ${estimate.tokens_per_epoch === null ? 'about ' : ''}${formatShort(tokens)} tokens`, tone: 'muted' }),
    ...timeLines({ estimate, pace, probe, preview }, width, glyphs.ellipsis),
    line([`an update${basis[estimate.based_on]}`, 'muted']),
    fact('  batch', { text: `${formatCount(estimate.effective_batch)} ${estimate.effective_batch === 1 ? 'row' : 'rows'}` }),
    fact('  tokens', { text: `up to ${formatCount(estimate.tokens_per_step)}` }, { text: estimate.padding === null ? '' : `  ${formatShare(estimate.padding.share)} padding`, tone: 'muted' }),
    fact('  compute', { text: formatFlops(estimate.flops_per_step) }),
    line(['memory  ', 'muted'], { text: formatBytes(memory_bytes), tone: fits ? 'plain' : 'bad' }, { text: ` of ${formatBytes(available)}${width < wide ? '' : ' free'}`, tone: 'muted' }),
    stackedBar(parts.map(({ key }) => ({ amount: memory[key], glyph: glyphs.memory[key], tone: key })), available, { width, glyphs }),
    ...parts.filter(({ key }) => memory[key] > 0).map(({ key, label }) => line([glyphs.memory[key], key], ` ${fit(label, 12)}`, fit(formatBytes(memory[key]), 9, { right: true }), [width < wide ? '' : `  ${formatShare(memory[key] / memory_bytes)}`, 'muted'])),
  ];
}

function timeLines({ estimate, pace, probe, preview }: Costs, width: number, ellipsis: string): Line[] {
  if (probe && probe.pace === null && probe.problem === null) return [fact('time', { text: probe.updates === 0 ? `timing${ellipsis}` : `timing: update ${formatCount(probe.updates)}`, tone: 'accent' })];
  const time = predicted(estimate, pace, preview);
  if (time === null) return [fact('time', { text: 't: time it', tone: 'muted' })];
  const from = clean(time.from);
  const about = { text: `about ${formatDuration(time.seconds)}` };
  return width < wide ? [fact('time', about), line([`  ${from}`, 'muted'])] : [fact('time', about, { text: ` ${from}`, tone: 'muted' })];
}

/** What there is to think over, most serious first, each with a mark before it. */
export function adviceLines(advice: readonly Advice[], width: number): Line[] {
  return advice.flatMap(({ text }) => warningLines([text], width, 'warn'));
}

export function warningLines(warnings: readonly string[], width: number, tone: Tone): Line[] {
  return warnings.flatMap((warning) => wrap(warning, width - 2).map((text, i) => line([i === 0 ? '! ' : '  ', tone], [text, tone])));
}

/** Advice goes before figures that can be done without, where there are not lines for both. */
export function fittedLines(figures: readonly Line[], warnings: readonly Line[], height: number): Line[] {
  const room = height - warnings.length - (warnings.length > 0 ? 1 : 0);
  const kept = figures.slice(0, Math.max(Math.min(figures.length, 11), Math.min(room, figures.length)));
  return warnings.length === 0 ? [...kept] : [...kept, blank, ...warnings];
}

function counted(count: number | null, none: string): string {
  return count === null ? none : formatCount(count);
}
