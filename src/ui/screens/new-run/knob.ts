/** Which knobs are shown, and their values as text: typed and shown. */
import { groupOf, groupText } from '../../../config/groups.js';
import type { Knob } from '../../../config/limits.js';
import { isWithin } from '../../../config/range.js';
import { isMeantBy } from '../../../config/schedules.js';
import { isPattern } from '../../../config/schema.js';
import { valueAt } from './draft.js';
import type { Draft } from './draft.js';

export interface Section {
  readonly title: string;
  readonly knobs: readonly Knob[];
}

/** Where a knob is looked for; what is turned most comes first. Groups of the experiment file, and keys outside of any. */
const sections: readonly { readonly title: string; readonly groups: readonly string[]; readonly keys: readonly string[] }[] = [
  { title: 'tuning', keys: ['finetuning'], groups: ['lora', 'freeze'] },
  { title: 'training', keys: ['max_length', 'overflow', 'packing', 'stage', 'init'], groups: ['train', 'loss'] },
  { title: 'data', keys: [], groups: ['dataset'] },
  { title: 'samples', keys: [], groups: ['sample'] },
  { title: 'run', keys: ['name', 'tokenizer'], groups: ['engine', 'recipe'] },
];

/** The knobs that mean something for this draft, by section; model and dataset have panes of their own. */
export function knobSections(knobs: readonly Knob[], draft: Draft): readonly Section[] {
  const tuning = valueAt(draft, 'finetuning');
  const elsewhere = new Set(['model', 'dataset.path']);
  const schedule = valueAt(draft, 'train.lr_scheduler_type');
  const meant = knobs.filter(({ key, group }) => !elsewhere.has(key) && (isMeantBy(schedule, key) || valueAt(draft, key) !== null) && (group !== 'lora' || tuning === 'lora') && (group !== 'freeze' || tuning === 'freeze'));
  const placed = sections.map(({ title, groups, keys }) => ({ title, knobs: meant.filter(({ key, group }) => (group === '' ? keys.includes(key) : groups.includes(group))) }));
  const rest = meant.filter((knob) => !placed.some((section) => section.knobs.includes(knob)));
  return [...placed, { title: 'more', knobs: rest }].filter((section) => section.knobs.length > 0);
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
      const fits = trimmed !== '' && Number.isFinite(value) && (knob.kind === 'float' || Number.isInteger(value)) && isWithin(knob, value);
      return fits ? { value } : { error: `must be ${knob.expects}` };
    }
    case 'bool':
      if (knob.choices.includes(trimmed)) return { value: trimmed };
      return trimmed === 'true' || trimmed === 'false' ? { value: trimmed === 'true' } : { error: `must be ${knob.expects}` };
    case 'choice':
      if (knob.choices.includes(trimmed)) return { value: trimmed };
      return knob.open && trimmed !== '' ? { value: knob.pattern && isPattern(trimmed) ? trimmed : trimmed.split(/[\s,]+/) } : { error: `must be ${knob.expects}` };
    case 'text':
      return trimmed === '' ? { error: 'must not be empty' } : { value: trimmed };
    case 'list':
      if (knob.expects === 'a list of groups') return typedGroups(trimmed);
      if (knob.pattern && isPattern(trimmed)) return { value: trimmed };
      return { value: (trimmed === '' ? [] : trimmed.split('|')).map((part) => part.trim()).filter((part) => part !== '').map((part) => typedItem(knob, part)) };
    case 'map':
      return typedMap(knob, trimmed);
  }
}

function typedGroups(text: string): Typed {
  const groups = text === '' ? [] : text.split(' | ').map(groupOf);
  return groups.includes(null) ? { error: 'must be like {path: stories.jsonl, format: text, weight: 0.5}, with " | " between several' } : { value: groups };
}

/** A text that is no number where one is wanted stays as it was typed: the schema says what is wrong with it. */
function typedItem({ numeric }: Knob, text: string): string | number {
  return numeric && Number.isFinite(Number(text)) ? Number(text) : text;
}

function typedMap(knob: Knob, text: string): Typed {
  const entries = text.split(',').filter((part) => part.trim() !== '').map((part) => part.split(':').map((word) => word.trim()));
  const wrong = entries.some((entry) => entry.length !== 2 || entry.includes(''));
  if (wrong) return { error: `must be like ${knob.numeric ? 'q_proj: 16, v_proj: 8' : 'instruction: question, output: answer'}` };
  return { value: Object.fromEntries(entries.map(([name, value]) => [name, typedItem(knob, value)])) };
}

/** A value as it is shown and typed again. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'number') return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((each: unknown) => (typeof each === 'object' && each !== null ? groupText(each) : String(each))).join(' | ');
  if (typeof value === 'object') {
    const entries = Object.entries(value);
    return entries.length === 0 ? 'none' : entries.map(([key, to]) => `${key}: ${String(to)}`).join(', ');
  }
  return String(value);
}
