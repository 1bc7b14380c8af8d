/**
 * Loss scaling for f16, whose smallest number is 6e-8: the loss times S makes every gradient S times as large on its way
 * through 16 bits, and S is divided out before a norm is told or an update made. The rule of `torch.amp.GradScaler`.
 */
import type { Half } from '../../util/half.js';

export interface LossScale {
  readonly scale: number;
  /** Updates made since it last changed. */
  readonly clean: number;
  /** Updates left out so far because gradients overflowed: neither schedule nor bias correction counts them, as in Transformers' Trainer. */
  readonly skipped: number;
}

export const noLossScale: LossScale = { scale: 1, clean: 0, skipped: 0 };

const growthInterval = 2000;

/** How a run begins: it is kept in every precision, since a branch may go on in another. */
export const firstLossScale: LossScale = { scale: 2 ** 16, clean: 0, skipped: 0 };

/** What losses are scaled by: bf16 reaches as far as f32 and needs none. Updates left out stay left out. */
export function lossScaleIn(half: Half | null, state: LossScale): LossScale {
  return half === 'f16' ? state : { ...noLossScale, skipped: state.skipped };
}

/** At 1 it ends: gradients that overflow there are no matter of scale, but of the run. */
export function canShrink({ scale }: LossScale): boolean {
  return scale > 1;
}

/** Twice as large after 2000 updates that went well. */
export function afterUpdate(state: LossScale, half: Half | null): LossScale {
  if (half !== 'f16') return state;
  const clean = state.clean + 1;
  return clean === growthInterval ? { ...state, scale: state.scale * 2, clean: 0 } : { ...state, clean };
}

/** Half as large after one whose gradients overflowed, which is left out. */
export function afterOverflow({ scale, skipped }: LossScale): LossScale {
  return { scale: scale / 2, clean: 0, skipped: skipped + 1 };
}

/** An update whose gradients are too large for f16 at its scale: nothing of it may reach the weights. */
export class GradientOverflow extends Error {
  override readonly name = 'GradientOverflow';
}
