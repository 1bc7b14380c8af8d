/** What a configuration costs, as text. */
import type { Calibration, Estimate, MemoryParts } from '../../trainer/estimate.js';
import { calibratedSeconds } from '../../ui/screens/new-run/pace.js';
import { formatBytes, formatCount, formatDuration, formatFlops, formatShare } from '../../util/format.js';
import type { Style } from '../terminal.js';
import { facts } from './table.js';

const parts: { readonly [P in keyof MemoryParts]: string } = {
  weights: 'weights that stay',
  trainable: 'weights that learn',
  gradients: 'gradients',
  optimizer: 'optimizer',
  activations: 'activations',
  runtime: 'program',
};

const precisions: { readonly [P in Estimate['precision']]: string | null } = {
  f32: null,
  bf16: 'products and a frozen base in bf16, the rest in f32',
  f16: 'products and a frozen base in f16, the rest in f32; the loss is scaled',
  auto: 'bf16 or f16 where the device computes in it; counted as f32',
};

export function estimateLines(estimate: Estimate, style: Style): string[] {
  const { total_parameters, trainable_parameters, memory, memory_bytes, available_memory_bytes } = estimate;
  const fits = estimate.fits ? style.paint('fits', 'good') : style.paint('does not fit', 'bad');
  const lines = facts(
    [
      ['parameters', `${formatCount(trainable_parameters)} of ${formatCount(total_parameters)} trained (${formatShare(trainable_parameters / total_parameters)})`],
      ['updates', `${counted(estimate.steps)} of ${estimate.effective_batch} rows, ${counted(estimate.steps_per_epoch)} an epoch`],
      ...dataFacts(estimate),
      ['tokens an update', `up to ${formatCount(estimate.tokens_per_step)}`],
      ['work an update', formatFlops(estimate.flops_per_step)],
      ['precision', precisions[estimate.precision]],
      ['memory', `${formatBytes(memory_bytes)} of ${formatBytes(available_memory_bytes)} available: ${fits}${estimate.gradient_checkpointing ? ', with gradient checkpointing' : ''}`],
      ...memoryLines(memory, memory_bytes, style),
      ['time an update', estimate.calibration === undefined ? null : timeText(estimate.calibration, calibratedSeconds(estimate))],
      ['calibrated', estimate.calibration === undefined ? null : `by ${runsLike(estimate.calibration)}`],
      ['based on', estimate.based_on === 'rows' ? 'the longest rows' : 'rows of max_length: the data is not tokenised'],
    ],
    style,
  );
  return [...lines, ...estimate.warnings.map((warning) => style.paint(`warning: ${warning}`, 'warn'))];
}

function dataFacts({ padding, train_rows, eval_rows, cut_rows, tokens_per_epoch, labels_per_epoch }: Estimate): (readonly [string, string])[] {
  if (tokens_per_epoch === null || labels_per_epoch === null) return [];
  const cut = cut_rows === null || cut_rows === 0 ? '' : `; ${formatCount(cut_rows)} cut at max_length`;
  return [
    ['rows', `${counted(train_rows)} to train on, ${counted(eval_rows)} held out${cut}`],
    ['padding', padding === null ? '–' : paddingText(padding)],
    ['tokens an epoch', `${formatCount(tokens_per_epoch)}, of which ${formatCount(labels_per_epoch)} are learned (${formatShare(labels_per_epoch / tokens_per_epoch)})`],
  ];
}

/** Where rows are filled, beside what it was for. */
function paddingText({ share, padded }: NonNullable<Estimate['padding']>): string {
  const computed = `${formatShare(share)} of the tokens that are computed`;
  return share === padded ? computed : `${computed}; ${formatShare(padded)} with a row for each`;
}

function timeText({ seconds_per_step }: Calibration, seconds: number | null): string {
  return `about ${formatDuration(seconds_per_step)}${seconds === null ? '' : `, ${formatDuration(seconds)} in all`}`;
}

function runsLike({ runs, memory_ratio }: Calibration): string {
  return `${formatCount(runs)} ${runs === 1 ? 'run' : 'runs'} like it on this machine: memory × ${memory_ratio.toFixed(2)}`;
}

function counted(count: number | null): string {
  return count === null ? '–' : formatCount(count);
}

function memoryLines(memory: MemoryParts, total: number, { glyphs, paint }: Style): (readonly [string, string])[] {
  return Object.entries(parts).map(([part, label]) => {
    const key = part as keyof MemoryParts;
    return [`  ${label}`, `${formatBytes(memory[key]).padStart(8)}  ${paint(glyphs.full.repeat(Math.round((30 * memory[key]) / total)), key)}`.trimEnd()];
  });
}
