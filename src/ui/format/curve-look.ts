/** How curves that lie over each other are told apart: by tone, and where colour cannot, by a mark. */
import type { Glyphs, Tone } from '../theme.js';

/** The tones of the first curves; from then on markers tell them apart. */
const tones: readonly Tone[] = ['train', 'eval', 'activations', 'gradients', 'good', 'bad', 'plain'];

export function toneOf(index: number): Tone {
  return tones[index % tones.length];
}

export function markerOf(index: number, { markers }: Glyphs): string {
  return markers[index % markers.length];
}
