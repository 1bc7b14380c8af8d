/** What a config says of rotary embedding, in all the spellings that Transformers has had. */
import { z } from 'zod';
import { llama3Scaling, rotaryFrequencies, yarnScaling, type Rope } from '../nn/rotary.js';
import { UserError } from '../util/errors.js';

const factor = z.number().positive();
const maybe = factor.nullish();

const scaling = z.discriminatedUnion(
  'rope_type',
  [
    z.object({ rope_type: z.literal('default') }),
    z.object({ rope_type: z.literal('linear'), factor }),
    z.object({ rope_type: z.literal('dynamic'), factor }),
    z.object({ rope_type: z.literal('llama3'), factor, low_freq_factor: factor, high_freq_factor: factor, original_max_position_embeddings: z.int().min(1) }),
    z.object({
      rope_type: z.literal('yarn'), factor, original_max_position_embeddings: z.int().min(1).optional(), attention_factor: maybe, beta_fast: maybe, beta_slow: maybe,
      mscale: maybe, mscale_all_dim: maybe, truncate: z.boolean().default(true),
    }),
  ],
  { error: ({ input }) => `rope_type "${String((input as { rope_type?: unknown }).rope_type)}" is not supported (default, linear, dynamic, llama3, yarn are)` },
);

const share = z.number().positive().max(1).nullish();

/**
 * `rope_parameters` (Transformers 5), or `rope_scaling` with `type` or `rope_type` (4). Keys beside the
 * scaling itself stay where they are.
 */
export const ropeParameters = z
  .looseObject({ rope_theta: factor.optional(), partial_rotary_factor: share })
  .transform((value) => ({ ...value, rope_type: value.rope_type ?? value.type ?? 'default' }))
  .pipe(z.intersection(z.looseObject({ rope_theta: factor.optional(), partial_rotary_factor: share }), scaling))
  .nullish();

export const ropeKeys = {
  rope_theta: factor.nullish(),
  rope_scaling: ropeParameters,
  rope_parameters: ropeParameters,
  partial_rotary_factor: share,
};

interface RopeConfig {
  readonly rope_theta?: number | null;
  readonly partial_rotary_factor?: number | null;
  readonly max_position_embeddings: number;
  readonly rope_scaling?: z.output<typeof ropeParameters>;
  readonly rope_parameters?: z.output<typeof ropeParameters>;
}

/** How heads of a size turn. `dynamic` stretches only what is longer than `max_position_embeddings`, which no row here is. */
export function ropeOf(config: RopeConfig, headSize: number): Rope {
  const rope = config.rope_scaling ?? config.rope_parameters ?? { rope_type: 'default' as const };
  const theta = rope.rope_theta ?? config.rope_theta ?? 10_000;
  const size = Math.trunc(headSize * (rope.partial_rotary_factor ?? config.partial_rotary_factor ?? 1));
  if (size % 2 !== 0 || size === 0) throw new UserError(`rotary embedding needs an even number of a head's dimensions, not ${size}`);
  const frequencies = rotaryFrequencies(size, theta);
  switch (rope.rope_type) {
    case 'default':
    case 'dynamic':
      return { frequencies };
    case 'linear':
      return { frequencies: frequencies.map((frequency) => frequency / rope.factor) };
    case 'llama3':
      return { frequencies: llama3Scaling(frequencies, rope) };
    case 'yarn':
      return yarnScaling(size, theta, { ...rope, original_max_position_embeddings: rope.original_max_position_embeddings ?? config.max_position_embeddings });
  }
}
