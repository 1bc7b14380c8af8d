/** The form of a new run: three panes, one draft, and what is known of its cost. */
import type { Knob } from '../../../config/limits.js';
import type { Estimate } from '../../../trainer/estimate.js';
import type { DatasetEntry } from '../../../data/discover.js';
import type { ModelEntry } from '../../../models/discover.js';
import { emptyList, filterRows, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';
import { fieldOf, reduceField, selectedField } from '../../widgets/field.js';
import type { Field, FieldAction } from '../../widgets/field.js';
import { textAt, valueAt, withValue } from './draft.js';
import type { Draft } from './draft.js';
import { knobSections, showValue, typedValue } from './knob.js';

export const panes = ['model', 'dataset', 'settings'] as const;
export type FormPane = (typeof panes)[number];

/** A value being typed: a knob's, or the path of a model or dataset. */
export interface Editing {
  readonly key: string;
  readonly field: Field;
  /** The draft to go back to. */
  readonly before: Draft;
  readonly error: string | null;
}

/** What was found out about one draft. */
export interface Assessment {
  readonly draft: Draft;
  readonly problem: string | null;
  readonly estimate: Estimate | null;
}

export interface NewRunState {
  readonly pane: FormPane;
  /** Null until this machine was searched. */
  readonly models: readonly ModelEntry[] | null;
  readonly datasets: readonly DatasetEntry[] | null;
  readonly modelList: ListState;
  readonly datasetList: ListState;
  readonly knobs: readonly Knob[];
  readonly knobCursor: number;
  readonly draft: Draft;
  /** Every knob at its default, to reset to. */
  readonly defaults: Draft;
  readonly editing: Editing | null;
  readonly past: readonly Draft[];
  readonly future: readonly Draft[];
  readonly assessment: Assessment | null;
  readonly starting: boolean;
}

export type NewRunAction =
  | { readonly type: 'ready'; readonly knobs: readonly Knob[]; readonly draft: Draft; readonly defaults: Draft }
  | { readonly type: 'models'; readonly models: readonly ModelEntry[] }
  | { readonly type: 'datasets'; readonly datasets: readonly DatasetEntry[] }
  | { readonly type: 'pane'; readonly by: 1 | -1 }
  | { readonly type: 'model-list'; readonly action: ListAction }
  | { readonly type: 'dataset-list'; readonly action: ListAction }
  | { readonly type: 'knob-move'; readonly by: number }
  | { readonly type: 'section-move'; readonly by: 1 | -1 }
  | { readonly type: 'set'; readonly key: string; readonly value: unknown }
  | { readonly type: 'reset' }
  | { readonly type: 'edit'; readonly text: string | null }
  | { readonly type: 'edit-type'; readonly action: FieldAction }
  | { readonly type: 'edit-accept' }
  | { readonly type: 'edit-cancel' }
  /** Of a typed path: what is there, or why it cannot be taken. */
  | { readonly type: 'model-found'; readonly entry: ModelEntry }
  | { readonly type: 'dataset-found'; readonly entry: DatasetEntry }
  | { readonly type: 'path-refused'; readonly text: string; readonly error: string }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' }
  | { readonly type: 'load'; readonly draft: Draft }
  | { readonly type: 'assessed'; readonly assessment: Assessment }
  | { readonly type: 'starting'; readonly starting: boolean };

export const initialNewRun: NewRunState = {
  pane: 'model', models: null, datasets: null, modelList: emptyList, datasetList: emptyList, knobs: [], knobCursor: 0,
  draft: {}, defaults: {}, editing: null, past: [], future: [], assessment: null, starting: false,
};

const historyLimit = 200;

export function visibleModels(state: NewRunState): readonly ModelEntry[] {
  return filterRows(state.models ?? [], state.modelList.filter, (entry) => `${entry.name} ${entry.modelType ?? ''} ${entry.path}`);
}

export function visibleDatasets(state: NewRunState): readonly DatasetEntry[] {
  return filterRows(state.datasets ?? [], state.datasetList.filter, (entry) => `${entry.name} ${entry.guess ?? ''} ${entry.path}`);
}

export function shownKnobs(state: NewRunState): readonly Knob[] {
  return knobSections(state.knobs, state.draft).flatMap((section) => section.knobs);
}

/** The knob under the cursor. */
export function currentKnob(state: NewRunState): Knob | null {
  return shownKnobs(state)[state.knobCursor] ?? null;
}

/** The path being typed; null where something else is, or nothing. */
export function typedPath({ editing }: NewRunState): { readonly key: PathKey; readonly text: string } | null {
  return editing && isPath(editing.key) ? { key: editing.key, text: editing.field.text } : null;
}

export type PathKey = 'model' | 'dataset.path';

function isPath(key: string): key is PathKey {
  return key === 'model' || key === 'dataset.path';
}

/** The key that `e` edits in the pane that has the focus. */
export function editKey(state: NewRunState): string | null {
  return state.pane === 'model' ? 'model' : state.pane === 'dataset' ? 'dataset.path' : (currentKnob(state)?.key ?? null);
}

export function chosenDataset(state: NewRunState): DatasetEntry | null {
  return state.datasets?.find(({ path }) => path === textAt(state.draft, 'dataset.path')) ?? null;
}

/** Null while the last assessment is of another draft. */
export function currentProblem(state: NewRunState): string | null {
  return state.assessment?.draft === state.draft ? state.assessment.problem : null;
}

export function reduceNewRun(state: NewRunState, action: NewRunAction): NewRunState {
  switch (action.type) {
    case 'ready':
      return { ...state, knobs: action.knobs, draft: action.draft, defaults: action.defaults, pane: textAt(action.draft, 'model') === '' ? 'model' : 'settings' };
    case 'models':
      return withModels(state, action.models);
    case 'datasets':
      return withDatasets(state, action.datasets);
    case 'pane':
      return { ...state, pane: panes[(panes.indexOf(state.pane) + action.by + panes.length) % panes.length] };
    case 'model-list': {
      const moved = { ...state, modelList: reduceList(state.modelList, action.action, visibleModels(state).length) };
      return chooseModel(moved, visibleModels(moved)[moved.modelList.cursor]);
    }
    case 'dataset-list': {
      const moved = { ...state, datasetList: reduceList(state.datasetList, action.action, visibleDatasets(state).length) };
      return chooseDataset(moved, visibleDatasets(moved)[moved.datasetList.cursor]);
    }
    case 'knob-move':
      return moveKnob(state, state.knobCursor + action.by);
    case 'section-move':
      return moveKnob(state, sectionStart(state, action.by));
    case 'set':
      return change(state, withValue(state.draft, action.key, action.value));
    case 'reset': {
      const knob = currentKnob(state);
      return knob ? change(state, withValue(state.draft, knob.key, valueAt(state.defaults, knob.key))) : state;
    }
    case 'edit':
      return beginEdit(state, action.text);
    case 'edit-type':
      return state.editing ? typeEdit(state, state.editing, action.action) : state;
    case 'edit-accept':
      return state.editing?.error ? state : acceptEdit(state);
    case 'edit-cancel':
      return state.editing ? { ...state, draft: state.editing.before, editing: null } : state;
    case 'model-found':
      return takeModel(state, action.entry);
    case 'dataset-found':
      return takeDataset(state, action.entry);
    case 'path-refused':
      return state.editing?.field.text === action.text ? { ...state, editing: { ...state.editing, error: action.error } } : state;
    case 'undo':
      return state.past.length === 0 ? state : { ...state, draft: state.past.at(-1)!, past: state.past.slice(0, -1), future: [state.draft, ...state.future] };
    case 'redo':
      return state.future.length === 0 ? state : { ...state, draft: state.future[0], past: [...state.past, state.draft], future: state.future.slice(1) };
    case 'load':
      return listsAtDraft({ ...change(state, action.draft), pane: 'settings', knobCursor: 0 });
    case 'assessed':
      return { ...state, assessment: action.assessment };
    case 'starting':
      return { ...state, starting: action.starting };
  }
}

/** A new draft that can be undone. */
function change(state: NewRunState, draft: Draft): NewRunState {
  return { ...state, draft, past: [...state.past, state.draft].slice(-historyLimit), future: [] };
}

function moveKnob(state: NewRunState, to: number): NewRunState {
  return { ...state, knobCursor: Math.max(0, Math.min(to, shownKnobs(state).length - 1)) };
}

function sectionStart({ knobs, draft, knobCursor }: NewRunState, by: 1 | -1): number {
  let next = 0;
  const starts = knobSections(knobs, draft).map((section) => (next += section.knobs.length) - section.knobs.length);
  return (by > 0 ? starts.find((start) => start > knobCursor) : starts.findLast((start) => start < knobCursor)) ?? knobCursor;
}

/** The chosen model is always in the list; where none is chosen yet the first that works is. */
function withModels(state: NewRunState, found: readonly ModelEntry[]): NewRunState {
  const path = textAt(state.draft, 'model');
  const models = path === '' || found.some((entry) => entry.path === path) ? found : [state.models?.find((entry) => entry.path === path) ?? givenModel(path), ...found];
  const first = models.find(({ supported }) => supported);
  const next = { ...state, models };
  return listsAtDraft(path === '' && first ? { ...next, draft: withValue(state.draft, 'model', first.path) } : next);
}

function withDatasets(state: NewRunState, found: readonly DatasetEntry[]): NewRunState {
  const path = textAt(state.draft, 'dataset.path');
  const datasets = path === '' || found.some((entry) => entry.path === path) ? found : [state.datasets?.find((entry) => entry.path === path) ?? givenDataset(path), ...found];
  const next = { ...state, datasets };
  return listsAtDraft(path === '' && datasets.length > 0 ? { ...next, draft: withDatasetEntry(state.draft, datasets[0]) } : next);
}

/** A typed model or dataset that is there: chosen, and in the list from now on. */
function takeModel(state: NewRunState, entry: ModelEntry): NewRunState {
  return listsAtDraft({ ...chooseModel(state, entry), models: withEntry(state.models, entry), editing: null });
}

function takeDataset(state: NewRunState, entry: DatasetEntry): NewRunState {
  return listsAtDraft({ ...chooseDataset(state, entry), datasets: withEntry(state.datasets, entry), editing: null });
}

function withEntry<Entry extends { readonly path: string }>(entries: readonly Entry[] | null, entry: Entry): readonly Entry[] {
  const known = entries ?? [];
  return known.some(({ path }) => path === entry.path) ? known : [entry, ...known];
}

/** Cursors on what the draft names. */
function listsAtDraft(state: NewRunState): NewRunState {
  const at = (entries: readonly { readonly path: string }[], path: string): ListState => ({ ...emptyList, cursor: Math.max(0, entries.findIndex((entry) => entry.path === path)) });
  return { ...state, modelList: at(state.models ?? [], textAt(state.draft, 'model')), datasetList: at(state.datasets ?? [], textAt(state.draft, 'dataset.path')) };
}

function chooseModel(state: NewRunState, entry: ModelEntry | undefined): NewRunState {
  return entry && entry.path !== textAt(state.draft, 'model') ? change(state, withValue(state.draft, 'model', entry.path)) : state;
}

function chooseDataset(state: NewRunState, entry: DatasetEntry | undefined): NewRunState {
  return entry && entry.path !== textAt(state.draft, 'dataset.path') ? change(state, withDatasetEntry(state.draft, entry)) : state;
}

/** Another file has other columns: its format is taken as guessed, and names given to columns are forgotten. */
function withDatasetEntry(draft: Draft, { path, guess }: DatasetEntry): Draft {
  const chosen = withValue(withValue(draft, 'dataset.path', path), 'dataset.columns', {});
  return guess === null ? chosen : withValue(chosen, 'dataset.format', guess);
}

function beginEdit(state: NewRunState, text: string | null): NewRunState {
  const key = editKey(state);
  if (key === null) return state;
  const value = valueAt(state.draft, key);
  const shown = value === null ? '' : showValue(value);
  const kept = text !== null || shown === 'none' ? '' : shown;
  const editing: Editing = { key, field: isPath(key) ? selectedField(kept) : fieldOf(kept), before: state.draft, error: null };
  return text === null ? { ...state, editing } : typeEdit(state, editing, { type: 'insert', text });
}

/** What is typed counts at once when it is a value; until then the draft stays as it was before. A path counts when it has been found. */
function typeEdit(state: NewRunState, editing: Editing, action: FieldAction): NewRunState {
  const field = reduceField(editing.field, action);
  if (isPath(editing.key)) return { ...state, editing: { ...editing, field, error: null } };
  const knob = state.knobs.find(({ key }) => key === editing.key);
  const typed = knob ? typedValue(knob, field.text) : { error: 'is not known' };
  if ('error' in typed) return { ...state, editing: { ...editing, field, error: typed.error }, draft: editing.before };
  return { ...state, editing: { ...editing, field, error: null }, draft: withValue(editing.before, editing.key, typed.value) };
}

function acceptEdit(state: NewRunState): NewRunState {
  return state.editing ? { ...change({ ...state, draft: state.editing.before }, state.draft), editing: null } : state;
}

function givenModel(path: string): ModelEntry {
  return { path, name: lastPart(path), modelType: null, parameters: null, bytes: null, dtype: null, supported: true, reason: null };
}

function givenDataset(path: string): DatasetEntry {
  return { path, name: lastPart(path), bytes: 0, rows: null, guess: null, columns: [] };
}

function lastPart(path: string): string {
  return path.split('/').filter((part) => part !== '').at(-1) ?? path;
}
