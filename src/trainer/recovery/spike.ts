import type { TrainConfig } from '../../config/schema.js';

type SpikeConfig = Pick<TrainConfig, 'spike_guard' | 'spike_window'>;

/**
 * The loss above which an update is a spike:
 *   spike_guard · mean of the last `spike_window` losses
 * Null where the guard is off, and until half the window is filled, as in OLMo-core's SkipStepOptimizer.
 */
export function spikeLimit(recent: readonly number[], { spike_guard, spike_window }: SpikeConfig): number | null {
  const window = recent.slice(-spike_window);
  if (spike_guard === 0 || window.length < Math.max(2, Math.floor(spike_window / 2))) return null;
  return (spike_guard * window.reduce((sum, loss) => sum + loss, 0)) / window.length;
}

/** The losses to remember after one more, oldest first; none while the guard is off. */
export function remember(recent: readonly number[], loss: number, { spike_guard, spike_window }: SpikeConfig): readonly number[] {
  return spike_guard === 0 ? [] : [...recent, loss].slice(-spike_window);
}
