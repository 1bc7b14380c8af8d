/** Rotary position embedding (Su et al., 2021, arXiv:2104.09864): dimension pair i turns by position·ωᵢ. */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';

/** How a model turns its queries and keys. */
export interface Rope {
  /** ω in radians a token, one for each pair that turns; what is left of a head behind them stays as it is. */
  readonly frequencies: readonly number[];
  /** Times cos and sin: YaRN's sharper attention. */
  readonly scale?: number;
  /** Pairs are (0, 1)(2, 3)…; else (i, i + half of what turns), as in most Hugging Face checkpoints. */
  readonly interleaved?: boolean;
}

/** cos and sin of every angle, [B, 1, T, D/2] each; made once, used by all layers. */
export interface Angles {
  readonly cos: Node;
  readonly sin: Node;
  readonly interleaved: boolean;
}

/** i32 positions [B, T] */
export function rotaryAngles(g: Builder, positions: Node, { frequencies, scale = 1, interleaved = false }: Rope): Angles {
  const [b, t] = positions.shape;
  const steps = g.reshape(g.cast(positions, 'f32'), [b, 1, t, 1]);
  const angle = g.mul(steps, g.constant(frequencies, [frequencies.length])); // [B,1,T,D/2]
  const scaled = (x: Node): Node => (scale === 1 ? x : g.mul(x, scale));
  return { cos: scaled(g.op('cos', [angle], {})), sin: scaled(g.op('sin', [angle], {})), interleaved };
}

/** Turns the leading dimensions of x [B, H, T, D] that there are angles for. */
export function rotate(g: Builder, x: Node, { cos, sin, interleaved }: Angles): Node {
  const [size, turned] = [Number(x.shape[3]), 2 * Number(cos.shape[3])];
  if (turned === size) return g.op('rotary', [x, cos, sin], { interleaved });
  const front = g.op('rotary', [g.slice(x, 3, 0, turned), cos, sin], { interleaved });
  return g.concat([front, g.slice(x, 3, turned, size)], 3);
}

/** ωᵢ = θ^(−2i/D) */
export function rotaryFrequencies(size: number, theta: number): number[] {
  return Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
}

export interface Llama3Scaling {
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  readonly original_max_position_embeddings: number;
}

/**
 * Llama 3.1's stretch of the context: fast pairs stay, slow ones turn `factor` times slower, those between
 * are blended. Source: transformers/modeling_rope_utils.py, _compute_llama3_parameters.
 */
export function llama3Scaling(frequencies: readonly number[], scaling: Llama3Scaling): number[] {
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: context } = scaling;
  return frequencies.map((frequency) => {
    const turns = (context * frequency) / (2 * Math.PI); // in the original context
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return kept * frequency + ((1 - kept) * frequency) / factor;
  });
}

export interface YarnScaling {
  readonly factor: number;
  readonly original_max_position_embeddings: number;
  readonly attention_factor?: number | null;
  readonly beta_fast?: number | null;
  readonly beta_slow?: number | null;
  readonly mscale?: number | null;
  readonly mscale_all_dim?: number | null;
  readonly truncate?: boolean;
}

/**
 * YaRN (Peng et al., 2023, arXiv:2309.00071): as Llama 3.1's, with the blend linear in the number of the pair, and
 * attention made sharper by `scale`. Source: transformers/modeling_rope_utils.py, _compute_yarn_parameters.
 */
export function yarnScaling(size: number, theta: number, scaling: YarnScaling): Rope {
  const { factor, original_max_position_embeddings: context, truncate = true } = scaling;
  const pairAt = (turns: number): number => (size * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [low, high] = [pairAt(scaling.beta_fast ?? 32), pairAt(scaling.beta_slow ?? 1)];
  const from = Math.max(truncate ? Math.floor(low) : low, 0);
  const to = Math.min(truncate ? Math.ceil(high) : high, size - 1);
  const frequencies = rotaryFrequencies(size, theta).map((frequency, i) => {
    const slowed = Math.min(1, Math.max(0, (i - from) / (from === to ? 0.001 : to - from)));
    return (slowed * frequency) / factor + (1 - slowed) * frequency;
  });
  const sharpness = (mscale: number): number => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  const { mscale, mscale_all_dim: ofAll } = scaling;
  return { frequencies, scale: scaling.attention_factor ?? (mscale && ofAll ? sharpness(mscale) / sharpness(ofAll) : sharpness(1)) };
}
