import { evaluateShape } from '../graph/dims.js';
import { Random } from '../util/random.js';
import { sizeOf, type Tensor } from '../util/tensor.js';
import type { DropoutMask } from '../lora/adapt.js';

/**
 * Fresh masks for one micro-step: each element is 1 with probability 1 − p (p to 1/65536). They are a function
 * of seed, update and micro-step alone, so a resumed run draws what the first one would have drawn, and
 * every engine the same.
 */
export function drawMasks(masks: readonly DropoutMask[], batch: Readonly<Record<string, number>>, key: readonly number[]): Record<string, Tensor> {
  return Object.fromEntries(masks.map((mask) => [mask.name, draw(mask, batch, key)]));
}

function draw({ name, shape, p }: DropoutMask, batch: Readonly<Record<string, number>>, key: readonly number[]): Tensor {
  const random = new Random('dropout', name, ...key);
  const actual = evaluateShape(shape, batch);
  const keep = new Uint8Array(sizeOf(actual));
  const dropped = Math.round(p * 65536);
  for (let i = 0; i < keep.length; i += 2) {
    const bits = random.bits(); // two draws of 16 bits
    keep[i] = (bits & 0xffff) >= dropped ? 1 : 0;
    if (i + 1 < keep.length) keep[i + 1] = bits >>> 16 >= dropped ? 1 : 0;
  }
  return { dtype: 'bool', shape: actual, data: keep };
}
