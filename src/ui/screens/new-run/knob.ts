/** What a key does to a value: stepping, typing and showing, from what the knob allows. */
import type { Knob } from '../../../config/limits.js';
import { valueAt } from './draft.js';
import type { Draft } from './draft.js';

export interface Section {
  readonly title: string;
  readonly knobs: readonly Knob[];
}

/** Where a knob is looked for; what is turned most comes first. Groups of the experiment file, and keys outside of any. */
const sections: readonly { readonly title: string; readonly groups: readonly string[]; readonly keys: readonly string[] }[] = [
  { title: 'tuning', keys: ['finetuning'], groups: ['lora', 'freeze'] },
  { title: 'training', keys: ['max_length', 'packing', 'stage', 'init'], groups: ['train'] },
  { title: 'data', keys: [], groups: ['dataset'] },
  { title: 'samples', keys: [], groups: ['sample'] },
  { title: 'run', keys: ['name', 'tokenizer'], groups: ['engine'] },
];

/** The knobs that mean something for this draft, by section; model and dataset have panes of their own. */
export function knobSections(knobs: readonly Knob[], draft: Draft): readonly Section[] {
  const tuning = valueAt(draft, 'finetuning');
  const elsewhere = new Set(['model', 'dataset.path']);
  const meant = knobs.filter(({ key, group }) => !elsewhere.has(key) && (group !== 'lora' || tuning === 'lora') && (group !== 'freeze' || tuning === 'freeze'));
  const placed = sections.map(({ title, groups, keys }) => ({ title, knobs: meant.filter(({ key, group }) => (group === '' ? keys.includes(key) : groups.includes(group))) }));
  const rest = meant.filter((knob) => !placed.some((section) => section.knobs.includes(knob)));
  return [...placed, { title: 'more', knobs: rest }].filter((section) => section.knobs.length > 0);
}

/** The next value up (+1) or down (−1); the same value where there is none. */
export function stepValue(knob: Knob, value: unknown, direction: 1 | -1): unknown {
  switch (knob.kind) {
    case 'bool':
      return !value;
    case 'choice':
      return cycle(knob.nullable ? [null, ...knob.choices] : knob.choices, value, direction);
    case 'int':
    case 'float':
      return stepNumber(knob, value, direction);
    case 'text':
    case 'list':
    case 'map':
      return value;
  }
}

function cycle(values: readonly unknown[], value: unknown, direction: number): unknown {
  const at = values.indexOf(value);
  return at < 0 ? values[0] : values[(at + direction + values.length) % values.length];
}

/** Words beside the number (`auto`, null) lie below its lowest value. */
function stepNumber(knob: Knob, value: unknown, direction: 1 | -1): unknown {
  const words: readonly unknown[] = knob.nullable ? [...knob.choices, null] : knob.choices;
  if (typeof value !== 'number') return direction > 0 ? lowest(knob) : value;
  const next = knob.step === 'log' ? logStep(knob, value, direction) : linearStep(knob, value, direction);
  if (isAllowed(knob, next)) return next;
  if (direction < 0 && words.length > 0 && !(knob.min !== null && value > knob.min)) return words[0];
  const bound = direction > 0 ? knob.max : knob.min;
  return bound === null || knob.exclusive ? value : bound;
}

function lowest(knob: Knob): number {
  return knob.min ?? (knob.kind === 'int' ? 1 : 0.1);
}

/** Whole numbers by powers of two; others along 1, 2, 5, 10, … */
function logStep(knob: Knob, value: number, direction: 1 | -1): number {
  if (knob.kind === 'int') {
    if (value <= 0) return value + direction;
    const power = Math.log2(value);
    const next = 2 ** (direction > 0 ? Math.floor(power) + 1 : Math.ceil(power) - 1);
    return next < 1 ? 0 : next;
  }
  if (value <= 0) return direction > 0 ? 1e-4 : value;
  const decade = Math.floor(Math.log10(value) + 1e-9);
  const ladder = [-1, 0, 1].flatMap((shift) => [1, 2, 5].map((digit) => Number(`${digit}e${decade + shift}`)));
  const next = direction > 0 ? ladder.find((rung) => rung > value * (1 + 1e-9)) : ladder.findLast((rung) => rung < value * (1 - 1e-9));
  return next ?? value;
}

/** Whole numbers by one; others by a step that suits their size, so that 0.05 and 3.0 both move sensibly. */
function linearStep(knob: Knob, value: number, direction: 1 | -1): number {
  if (knob.kind === 'int') return value + direction;
  const magnitude = Math.abs(value) + (direction > 0 ? 1e-9 : -1e-9);
  const step = magnitude < 0.1 ? 0.01 : magnitude < 1 ? 0.05 : magnitude < 10 ? 0.5 : 1;
  return Number((Math.round(value / step + direction) * step).toFixed(6));
}

function isAllowed(knob: Knob, value: number): boolean {
  const { min, max, exclusive } = knob;
  return (min === null || (exclusive ? value > min : value >= min)) && (max === null || (exclusive ? value < max : value <= max));
}

export type Typed = { readonly value: unknown } | { readonly error: string };

/** A typed text as a value of the knob, or why it is not one. */
export function typedValue(knob: Knob, text: string): Typed {
  const trimmed = text.trim();
  if (knob.nullable && (trimmed === '' || trimmed === 'none' || trimmed === 'null')) return { value: null };
  switch (knob.kind) {
    case 'int':
    case 'float': {
      if (knob.choices.includes(trimmed)) return { value: trimmed };
      const value = Number(trimmed.replaceAll('_', ''));
      const fits = trimmed !== '' && Number.isFinite(value) && (knob.kind === 'float' || Number.isInteger(value)) && isAllowed(knob, value);
      return fits ? { value } : { error: `must be ${knob.expects}` };
    }
    case 'bool':
      return trimmed === 'true' || trimmed === 'false' ? { value: trimmed === 'true' } : { error: 'must be true or false' };
    case 'choice':
      if (knob.choices.includes(trimmed)) return { value: trimmed };
      return knob.open && trimmed !== '' ? { value: trimmed.split(/[\s,]+/) } : { error: `must be ${knob.expects}` };
    case 'text':
      return trimmed === '' ? { error: 'must not be empty' } : { value: trimmed };
    case 'list':
      return { value: trimmed === '' ? [] : trimmed.split('|').map((part) => part.trim()).filter((part) => part !== '') };
    case 'map':
      return typedMap(trimmed);
  }
}

function typedMap(text: string): Typed {
  const entries = text.split(',').filter((part) => part.trim() !== '').map((part) => part.split(':').map((word) => word.trim()));
  const wrong = entries.some((entry) => entry.length !== 2 || entry.includes(''));
  return wrong ? { error: 'must be like instruction: question, output: answer' } : { value: Object.fromEntries(entries) };
}

/** A value as it is shown and typed again. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number') return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(' | ');
  if (typeof value === 'object') {
    const entries = Object.entries(value);
    return entries.length === 0 ? 'none' : entries.map(([key, to]) => `${key}: ${String(to)}`).join(', ');
  }
  return String(value);
}
