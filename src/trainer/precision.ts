/** Which precision a run gets on its device. */
import type { Experiment } from '../config/schema.js';
import type { Device, Engine } from '../engine/contract.js';
import type { Half } from '../util/half.js';
import { UserError } from '../util/errors.js';

export type Precision = Exclude<Experiment['precision'], 'auto'>;

/** The 16 bits that a program is made in; null: none, also where it is not decided yet. */
export function halfOf(precision: Experiment['precision']): Half | null {
  return precision === 'f16' || precision === 'bf16' ? precision : null;
}

/**
 * What is asked for, or for `auto` what the device multiplies in: bf16, else f16, else f32. `warning` says where what was
 * asked for saves memory and no time. Throws a UserError where the device has not what is asked for.
 */
export async function precisionOn({ precision }: Pick<Experiment, 'precision'>, { engine, device }: { readonly engine: Engine; readonly device: Device }): Promise<{ readonly precision: Precision; readonly warning: string | null }> {
  if (precision === 'f32') return { precision, warning: null };
  const halves = await engine.halves(device);
  if (precision === 'auto') {
    const half = (['bf16', 'f16'] as const).find((type) => halves[type].kind === 'computes');
    return { precision: half ?? 'f32', warning: null };
  }
  const { kind, detail } = halves[precision];
  if (kind === 'lacks') {
    const other = (['bf16', 'f16'] as const).find((type) => halves[type].kind !== 'lacks');
    throw new UserError(`\`precision: ${precision}\` is not to be had of ${engine.name} on ${device}: ${detail}. Set \`precision: ${other ?? 'f32'}\`${other === undefined ? ', or take engine.name: onnx' : ' or `f32`'}.`);
  }
  return { precision, warning: kind === 'computes' ? null : `With \`precision: ${precision}\` ${detail}.` };
}
