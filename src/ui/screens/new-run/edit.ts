/** A value being typed: a knob's, or the path of a model or dataset. */
import { fieldOf, reduceField, selectedField } from '../../widgets/field.js';
import type { FieldAction } from '../../widgets/field.js';
import { commonStart } from '../../widgets/path-field.js';
import { valueAt, withValue } from './draft.js';
import { showValue, typedValue } from './knob.js';
import { change, editKey, isPath } from './state.js';
import type { Editing, NewRunState } from './state.js';

export function beginEdit(state: NewRunState, text: string | null): NewRunState {
  const key = editKey(state);
  if (key === null) return state;
  const value = valueAt(state.draft, key);
  const shown = value === null ? '' : showValue(value);
  const kept = text !== null || shown === 'none' ? '' : shown;
  const editing: Editing = { key, field: isPath(key) ? selectedField(kept) : fieldOf(kept), before: state.draft, error: null, completions: [] };
  return text === null ? { ...state, editing } : typeEdit(state, editing, { type: 'insert', text });
}

/** What is typed counts at once when it is a value; until then the draft stays as it was before. A path counts when it has been found. */
export function typeEdit(state: NewRunState, editing: Editing, action: FieldAction): NewRunState {
  const field = reduceField(editing.field, action);
  const typing: Editing = { ...editing, field, completions: editing.completions.filter(({ text }) => text.startsWith(field.text)) };
  if (isPath(editing.key)) return { ...state, editing: { ...typing, error: null } };
  const knob = state.knobs.find(({ key }) => key === editing.key);
  const typed = knob ? typedValue(knob, field.text) : { error: 'is not known' };
  if ('error' in typed) return { ...state, editing: { ...typing, error: typed.error }, draft: editing.before };
  return { ...state, editing: { ...typing, error: null }, draft: withValue(editing.before, editing.key, typed.value) };
}

/** As a shell does: what all completions have in common, then the first of them whole. */
export function complete(state: NewRunState): NewRunState {
  const { editing } = state;
  if (editing === null || editing.completions.length === 0) return state;
  const texts = editing.completions.map(({ text }) => text);
  const common = texts.reduce(commonStart);
  const text = common.length > editing.field.text.length ? common : texts[0];
  return typeEdit(state, { ...editing, field: selectedField('') }, { type: 'insert', text });
}

export function acceptEdit(state: NewRunState): NewRunState {
  return state.editing ? { ...change({ ...state, draft: state.editing.before }, state.draft), editing: null } : state;
}
