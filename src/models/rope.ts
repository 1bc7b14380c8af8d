/** What a config says of rotary embedding, in all the spellings that Transformers has had, as frequencies. */
import { z } from 'zod';
import { llama3Scaling, rotaryFrequencies } from '../nn/rotary.js';

const factor = z.number().positive();

const scaling = z.discriminatedUnion(
  'rope_type',
  [
    z.object({ rope_type: z.literal('default') }),
    z.object({ rope_type: z.literal('linear'), factor }),
    z.object({ rope_type: z.literal('llama3'), factor, low_freq_factor: factor, high_freq_factor: factor, original_max_position_embeddings: z.int().min(1) }),
  ],
  { error: ({ input }) => `rope_type "${String((input as { rope_type?: unknown }).rope_type)}" is not supported (default, linear, llama3 are)` },
);

const wholeHead = z.literal([1, null], { error: 'rotary embedding of a part of the head is not supported' }).optional();

/**
 * `rope_parameters` (Transformers 5), or `rope_scaling` with `type` or `rope_type` (4). Keys beside the
 * scaling itself stay where they are.
 */
export const ropeParameters = z
  .looseObject({ rope_theta: factor.optional(), partial_rotary_factor: wholeHead })
  .transform((value) => ({ ...value, rope_type: value.rope_type ?? value.type ?? 'default' }))
  .pipe(z.intersection(z.looseObject({ rope_theta: factor.optional() }), scaling))
  .nullish();

export const ropeKeys = {
  rope_theta: factor.nullish(),
  rope_scaling: ropeParameters,
  rope_parameters: ropeParameters,
  partial_rotary_factor: wholeHead,
};

interface RopeConfig {
  readonly rope_theta?: number | null;
  readonly rope_scaling?: z.output<typeof ropeParameters>;
  readonly rope_parameters?: z.output<typeof ropeParameters>;
}

/** D/2 frequencies in radians a token. */
export function ropeFrequencies(config: RopeConfig, headSize: number): number[] {
  const rope = config.rope_scaling ?? config.rope_parameters ?? { rope_type: 'default' as const };
  const frequencies = rotaryFrequencies(headSize, rope.rope_theta ?? config.rope_theta ?? 10_000);
  switch (rope.rope_type) {
    case 'default':
      return frequencies;
    case 'linear':
      return frequencies.map((frequency) => frequency / rope.factor);
    case 'llama3':
      return llama3Scaling(frequencies, rope);
  }
}
