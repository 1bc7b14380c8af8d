import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { afterOverflow, afterUpdate, canShrink, firstLossScale, lossScaleIn, noLossScale, type LossScale } from '../../src/trainer/recovery/loss-scale.js';

const { scaler } = JSON.parse(readFileSync(new URL('../golden/mixed.json', import.meta.url), 'utf8')) as { scaler: { updates: number; overflows: number[]; changes: [number, number][] } };

describe('the loss scale', () => {
  it('goes up and down as that of torch.amp.GradScaler', () => {
    const overflows = new Set(scaler.overflows);
    const changes: [number, number][] = [];
    let state: LossScale = firstLossScale;
    for (let update = 0; update < scaler.updates; update++) {
      const before = state.scale;
      state = overflows.has(update) ? afterOverflow(state) : afterUpdate(state, 'f16');
      if (update === 0 || state.scale !== before) changes.push([update, state.scale]);
    }
    expect(changes).toEqual(scaler.changes);
    expect(state.skipped).toBe(overflows.size);
  });

  it('is 1 for good where numbers reach as far as f32', () => {
    expect(lossScaleIn('bf16', firstLossScale)).toEqual(noLossScale);
    expect(lossScaleIn(null, afterUpdate({ scale: 8, clean: 4, skipped: 3 }, null))).toEqual({ ...noLossScale, skipped: 3 });
    expect(lossScaleIn('f16', { scale: 8, clean: 4, skipped: 3 })).toEqual({ scale: 8, clean: 4, skipped: 3 });
  });

  it('does not go below 1', () => {
    let state = firstLossScale;
    for (let i = 0; i < 16; i++) {
      expect(canShrink(state)).toBe(true);
      state = afterOverflow(state);
    }
    expect(state.scale).toBe(1);
    expect(canShrink(state)).toBe(false);
  });
});
