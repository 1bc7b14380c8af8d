/**
 * What finished runs on this machine took beside what was estimated for them, and what later estimates make of it.
 * Runs are alike that ran on one engine and device and are of one shape class: what is trained, the order of size of
 * the model, and that of a micro-batch.
 */
import type { Experiment } from '../config/schema.js';
import { mapParts, type Estimate } from './estimate.js';
import type { Measurement } from './events.js';

/** Raised whenever the formulae of an estimate change: what was measured beside the old ones says nothing then. */
const formula = 7;

/** Of so many runs, the newest, the median counts; it never moves an estimate by more than this factor. */
const mostRuns = 20;
const mostMemory = 2;

export type Taken = Pick<Measurement, 'engine' | 'device'> & { readonly peakBytes: number; readonly secondsPerUpdate: number };

/** What a run teaches about runs like it. */
export function measurementOf(experiment: Experiment, estimate: Estimate, { engine, device, peakBytes, secondsPerUpdate }: Taken): Measurement {
  const raw = estimate.memory_bytes / (estimate.calibration?.memory_ratio ?? 1);
  return {
    engine,
    device,
    automatic: experiment.engine.name === 'auto' && experiment.engine.device === 'auto',
    shape: shapeClass(experiment, estimate),
    // The memory of a graphics card is not in that of the process.
    memory_ratio: device === 'cpu' ? peakBytes / raw : null,
    seconds_per_flop: secondsPerUpdate / estimate.flops_per_step,
  };
}

/** The estimate as the runs like it went; as it is where there was none. `measurements` oldest first. */
export function calibrated(experiment: Experiment, estimate: Estimate, measurements: readonly Measurement[]): Estimate {
  const alike = runsLike(experiment, shapeClass(experiment, estimate), measurements);
  if (alike.length === 0) return estimate;
  const ratios = alike.flatMap(({ memory_ratio }) => (memory_ratio === null ? [] : [memory_ratio]));
  const ratio = ratios.length === 0 ? 1 : Math.min(mostMemory, Math.max(1 / mostMemory, median(ratios)));
  const memory = mapParts(estimate.memory, (bytes) => Math.round(bytes * ratio));
  const memory_bytes = Object.values(memory).reduce((sum: number, bytes: number) => sum + bytes, 0);
  const seconds_per_step = median(alike.map(({ seconds_per_flop }) => seconds_per_flop)) * estimate.flops_per_step;
  return { ...estimate, memory, memory_bytes, fits: memory_bytes <= estimate.available_memory_bytes, calibration: { runs: alike.length, memory_ratio: ratio, seconds_per_step } };
}

/** Where the engine is not named, those of the one that was chosen last. */
function runsLike({ engine }: Experiment, shape: string, measurements: readonly Measurement[]): readonly Measurement[] {
  const asked = measurements.filter((each) => {
    const named = (engine.name === 'auto' || each.engine === engine.name) && (engine.device === 'auto' || each.device === engine.device);
    return each.shape === shape && named && (each.automatic || engine.name !== 'auto' || engine.device !== 'auto');
  });
  const last = asked.at(-1);
  return asked.filter((each) => each.engine === last?.engine && each.device === last.device).slice(-mostRuns);
}

/** "1 lora none 1e8 parameters 4^5 tokens": the half decade of the model, and the power of 4 of a micro-batch's tokens. */
function shapeClass({ finetuning, quantization, precision, train }: Experiment, { total_parameters, tokens_per_step, gradient_checkpointing }: Estimate): string {
  const tokens = tokens_per_step / train.gradient_accumulation_steps;
  const halfDecade = Math.round(2 * Math.log10(total_parameters)) / 2;
  return `${formula} ${finetuning} ${quantization}${precision === 'f32' ? '' : ` ${precision}`}${train.optim === 'adamw' ? '' : ` ${train.optim}`}${gradient_checkpointing ? ' checkpointed' : ''}${train.padding_free ? '' : ' padded'} 1e${halfDecade} parameters 4^${Math.round(Math.log2(tokens) / 2)} tokens`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
