import type { Executable } from '../engine/contract.js';

/** What of a micro-step its device left to the CPU, in a sentence; null where that is nothing, or the engine does not say. */
export function leftToCpu(executable: Executable): string | null {
  const placement = executable.placement('micro_step');
  if (placement === null) return null;
  const left = Object.entries(placement.left).sort(([, a], [, b]) => b - a);
  if (left.length === 0) return null;
  const count = left.reduce((sum, [, times]) => sum + times, 0);
  return `${count} of the ${placement.total} ops of a micro-step are computed on the CPU, which the device does not have or does not do well: ${left.map(([op, times]) => `${op} ${times}`).join(', ')}.`;
}
