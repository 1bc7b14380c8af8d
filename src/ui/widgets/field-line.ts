import type { Line } from '../format/line.js';
import { fieldWindow } from './field.js';
import type { Field } from './field.js';

/** A text being typed, reversed where the next character goes. */
export function fieldLine(field: Field, width: number): Line {
  const { before, at, after } = fieldWindow(field, Math.max(1, width));
  if (field.selected) return [{ text: before, inverse: true }, { text: at }];
  return [{ text: before }, { text: at, inverse: true }, { text: after }];
}
