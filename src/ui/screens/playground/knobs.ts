/** The sampling knobs as fields: their ranges, their steps, what they cost. */
import { formatNumber } from '../../../util/format.js';
import type { Sampling } from './services.js';

export interface SamplingKnob {
  readonly key: keyof Sampling;
  readonly label: string;
  readonly help: string;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** What arrows go through; before the first of an open one is `auto`. */
  readonly steps: readonly number[] | 1;
  /** May be left to what the model's folder says: `auto`, which is null. */
  readonly open?: true;
}

export const samplingKnobs: readonly SamplingKnob[] = [
  { key: 'temperature', label: 'temperature', help: '0: the likeliest token; below 1 plays safe, above 1 takes risks', min: 0, max: 10, whole: false, steps: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2] },
  { key: 'topK', label: 'top k', help: 'choose among the k likeliest tokens; 0: among all', min: 0, max: 1_000_000, whole: true, steps: [0, 1, 2, 5, 10, 20, 40, 50, 100, 200] },
  { key: 'topP', label: 'top p', help: 'choose among the likeliest that have this share together; 1: all', min: 0, max: 1, whole: false, steps: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 1] },
  { key: 'maxNewTokens', label: 'tokens', help: 'at most so many new tokens; each costs one pass through the model', min: 1, max: 1_000_000, whole: true, steps: [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048] },
  { key: 'seed', label: 'seed', help: 'of the choices: the same seed gives the same text', min: 0, max: Number.MAX_SAFE_INTEGER, whole: true, steps: 1 },
  { key: 'numBeams', label: 'beams', help: "the likeliest of so many texts, each as dear as one; auto: model's", min: 1, max: 1000, whole: true, steps: [1, 2, 3, 4, 5, 6, 8, 10, 16], open: true },
  { key: 'lengthPenalty', label: 'length', help: "of beams: above 0 longer texts, below shorter; auto: the model's own", min: -100, max: 100, whole: false, steps: [-2, -1, -0.5, 0, 0.5, 0.8, 1, 1.2, 1.5, 2], open: true },
  { key: 'noRepeatNgramSize', label: 'no repeat', help: "no run of so many tokens twice; 0: any may; auto: the model's own", min: 0, max: 1000, whole: true, steps: [0, 1, 2, 3, 4, 5], open: true },
  { key: 'minNewTokens', label: 'at least', help: "so many tokens before a text may end; auto: the model's own", min: 0, max: 1_000_000, whole: true, steps: [0, 1, 4, 8, 16, 32, 64, 128], open: true },
];

/** As `workbench generate` has it where nothing is given. */
export const initialSampling: Sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 64, seed: 0, numBeams: null, lengthPenalty: null, noRepeatNgramSize: null, minNewTokens: null };

export function stepKnob({ steps, min, max, open }: SamplingKnob, value: number | null, by: 1 | -1): number | null {
  if (steps === 1) return Math.max(min, Math.min(max, (value ?? min) + by));
  if (value === null) return by === 1 ? steps[0] : null;
  if (open && by === -1 && value <= steps[0]) return null;
  return (by === 1 ? steps.find((each) => each > value) : steps.findLast((each) => each < value)) ?? value;
}

/** The number, null for `auto`, or what is wrong with it. */
export function typedKnob({ label, min, max, whole, open }: SamplingKnob, text: string): number | null | string {
  if (open && (text.trim() === '' || text.trim() === 'auto')) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max || (whole && !Number.isInteger(value))) return `${label} is a ${whole ? 'whole ' : ''}number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? '2^53' : max}${open ? ', or auto' : ''}`;
  return value;
}

export function showKnob({ whole }: SamplingKnob, value: number | null): string {
  if (value === null) return 'auto';
  return whole || Number.isInteger(value) ? String(value) : String(Number(formatNumber(value)));
}
