import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import { calibrated, measurementOf, type Taken } from '../../src/trainer/calibration.js';
import type { Estimate } from '../../src/trainer/estimate.js';
import type { Measurement } from '../../src/trainer/events.js';

const experiment = (changes: Record<string, unknown> = {}): Experiment => parseExperiment({ model: 'm', dataset: { path: 'd' }, ...changes });
const memory = { weights: 400e6, trainable: 10e6, gradients: 10e6, optimizer: 50e6, activations: 330e6, runtime: 200e6 };
const estimate: Estimate = {
  total_parameters: 1e8, trainable_parameters: 1e6, effective_batch: 4, steps: 100, steps_per_epoch: 50, train_rows: 200, eval_rows: 0, cut_rows: 0, tokens_per_epoch: 1e5, labels_per_epoch: 1e5, padding: null, based_on: 'rows', tokens_per_step: 1024,
  flops_per_step: 2e12, memory, memory_bytes: 1e9, available_memory_bytes: 1.1e9, fits: true, precision: 'f32', gradient_checkpointing: false, warnings: [],
};
const cpu: Taken = { engine: 'onnx', device: 'cpu', peakBytes: 1.2e9, secondsPerUpdate: 4 };
const taken = (changes: Partial<Taken> = {}, of: Experiment = experiment()): Measurement => measurementOf(of, estimate, { ...cpu, ...changes });

describe('calibrated', () => {
  it('is the estimate itself where nothing like it has run', () => {
    expect(calibrated(experiment(), estimate, [])).toBe(estimate);
    expect(calibrated(experiment({ finetuning: 'full' }), estimate, [taken()])).toBe(estimate);
    expect(calibrated(experiment(), { ...estimate, total_parameters: 1e9 }, [taken()])).not.toHaveProperty('calibration');
    expect(calibrated(experiment(), { ...estimate, tokens_per_step: 64 }, [taken()])).not.toHaveProperty('calibration');
    expect(calibrated(experiment({ engine: { name: 'tfjs' } }), estimate, [taken()])).not.toHaveProperty('calibration');
  });

  it('is as the runs like it went, in every part and in what fits', () => {
    const result = calibrated(experiment(), estimate, [taken()]);
    expect(result).toMatchObject({ memory_bytes: 1.2e9, fits: false, memory: { weights: 480e6 }, calibration: { runs: 1, memory_ratio: 1.2, seconds_per_step: 4 } });
    expect(Object.values(result.memory).reduce((sum: number, bytes: number) => sum + bytes, 0)).toBe(result.memory_bytes);
    // Twice the work takes twice the time.
    expect(calibrated(experiment(), { ...estimate, flops_per_step: 4e12 }, [taken()]).calibration?.seconds_per_step).toBe(8);
  });

  it('is moved by no single run, and by none beyond reason', () => {
    const many = [1.1e9, 1.2e9, 90e9, 1.1e9, 1e3].map((peakBytes) => taken({ peakBytes }));
    expect(calibrated(experiment(), estimate, many).calibration).toMatchObject({ runs: 5, memory_ratio: 1.1 });
    expect(calibrated(experiment(), estimate, [taken({ peakBytes: 90e9 })]).memory_bytes).toBe(2e9);
    expect(calibrated(experiment(), estimate, [taken({ peakBytes: 1 })]).memory_bytes).toBe(0.5e9);
    // Of many runs the newest twenty: a machine changes.
    const older = Array.from({ length: 50 }, () => taken({ secondsPerUpdate: 100 }));
    expect(calibrated(experiment(), estimate, [...older, ...Array.from({ length: 20 }, () => taken())]).calibration).toMatchObject({ runs: 20, seconds_per_step: 4 });
  });

  it('learns from an estimate that was calibrated itself as from a raw one', () => {
    const first = calibrated(experiment(), estimate, [taken()]);
    expect(measurementOf(experiment(), first, cpu)).toEqual(taken());
  });

  it('takes an engine that was named for itself alone, and chosen ones by the last choice', () => {
    const named = taken({ engine: 'tfjs', secondsPerUpdate: 40 }, experiment({ engine: { name: 'tfjs' } }));
    expect(calibrated(experiment(), estimate, [taken(), named]).calibration).toMatchObject({ runs: 1, seconds_per_step: 4 });
    expect(calibrated(experiment({ engine: { name: 'tfjs' } }), estimate, [taken(), named]).calibration).toMatchObject({ runs: 1, seconds_per_step: 40 });
    const card = taken({ engine: 'onnx', device: 'webgpu', secondsPerUpdate: 1 });
    expect(calibrated(experiment(), estimate, [taken(), taken(), card]).calibration).toMatchObject({ runs: 1, seconds_per_step: 1, memory_ratio: 1 });
    expect(calibrated(experiment({ engine: { device: 'cpu' } }), estimate, [taken(), taken(), card]).calibration).toMatchObject({ runs: 2, seconds_per_step: 4 });
  });
});
