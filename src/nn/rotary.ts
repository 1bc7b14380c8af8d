/** Rotary position embedding (Su et al., 2021, arXiv:2104.09864): dimension pair i turns by position·ωᵢ. */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';

/** cos and sin of every angle, [B, 1, T, D/2] each; made once, used by all layers. */
export interface Angles {
  readonly cos: Node;
  readonly sin: Node;
}

/** i32 positions [B, T] and D/2 frequencies ω in radians a token. */
export function rotaryAngles(g: Builder, positions: Node, frequencies: readonly number[]): Angles {
  const [b, t] = positions.shape;
  const steps = g.reshape(g.cast(positions, 'f32'), [b, 1, t, 1]);
  const angle = g.mul(steps, g.constant(frequencies, [frequencies.length])); // [B,1,T,D/2]
  return { cos: g.op('cos', [angle], {}), sin: g.op('sin', [angle], {}) };
}

/** Turns x [B, H, T, D], whose pairs are (i, i + D/2) as in Hugging Face checkpoints. */
export function rotate(g: Builder, x: Node, { cos, sin }: Angles): Node {
  return g.op('rotary', [x, cos, sin], { interleaved: false });
}

/** ωᵢ = θ^(−2i/D) */
export function rotaryFrequencies(headSize: number, theta: number): number[] {
  return Array.from({ length: headSize / 2 }, (_, i) => theta ** ((-2 * i) / headSize));
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
