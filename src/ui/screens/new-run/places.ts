/** Which model and which dataset: what a search found, what is typed, and what the draft names. */
import type { DatasetEntry } from '../../../data/look/discover.js';
import type { ModelEntry } from '../../../models/discover.js';
import { emptyList } from '../../widgets/list.js';
import type { ListState } from '../../widgets/list.js';
import { textAt, valueAt, withDataset, withValue } from './draft.js';
import type { Draft } from './draft.js';
import { change, chosenModel, usualLength } from './state.js';
import type { NewRunState } from './state.js';

/** The chosen model is always in the list; where none is chosen yet the first that works is. */
export function withModels(state: NewRunState, found: readonly ModelEntry[]): NewRunState {
  const path = textAt(state.draft, 'model');
  const models = path === '' || found.some((entry) => entry.path === path) ? found : [state.models?.find((entry) => entry.path === path) ?? givenModel(path), ...found];
  const first = models.find(({ supported, tokenizer }) => supported && tokenizer) ?? models.find(({ supported }) => supported);
  const next = { ...state, models };
  return fittedToModel(path === '' && first ? { ...next, draft: withModelEntry(next, first) } : next);
}

export function withDatasets(state: NewRunState, found: readonly DatasetEntry[]): NewRunState {
  const path = textAt(state.draft, 'dataset.path');
  const datasets = path === '' || found.some((entry) => entry.path === path) ? found : [state.datasets?.find((entry) => entry.path === path) ?? givenDataset(path), ...found];
  const first = datasets.find(({ supported }) => supported);
  const next = { ...state, datasets };
  return listsAtDraft(path === '' && first ? { ...next, draft: withDatasetEntry(next, first) } : next);
}

/** A typed model or dataset that is there: chosen, and in the list from now on. */
export function takeModel(state: NewRunState, entry: ModelEntry): NewRunState {
  return listsAtDraft({ ...chooseModel(state, entry), models: withEntry(state.models, entry), editing: null });
}

export function takeDataset(state: NewRunState, entry: DatasetEntry): NewRunState {
  return listsAtDraft({ ...chooseDataset(state, entry), datasets: withEntry(state.datasets, entry), editing: null });
}

function withEntry<Entry extends { readonly path: string }>(entries: readonly Entry[] | null, entry: Entry): readonly Entry[] {
  const known = entries ?? [];
  return known.some(({ path }) => path === entry.path) ? known : [entry, ...known];
}

/** Cursors on what the draft names. */
export function listsAtDraft(state: NewRunState): NewRunState {
  const at = (entries: readonly { readonly path: string }[], path: string): ListState => ({ ...emptyList, cursor: Math.max(0, entries.findIndex((entry) => entry.path === path)) });
  return { ...state, modelList: at(state.models ?? [], textAt(state.draft, 'model')), datasetList: at(state.datasets ?? [], textAt(state.draft, 'dataset.path')) };
}

export function chooseModel(state: NewRunState, entry: ModelEntry | undefined): NewRunState {
  return entry && entry.path !== textAt(state.draft, 'model') ? change(state, withModelEntry(state, entry), 'model') : state;
}

export function chooseDataset(state: NewRunState, entry: DatasetEntry | undefined): NewRunState {
  return entry && entry.path !== textAt(state.draft, 'dataset.path') ? change(state, withDatasetEntry(state, entry), 'dataset.path') : state;
}

/** Of a draft that came with its model and dataset: both are in the lists that have been found. */
export function withOwnEntries(state: NewRunState): NewRunState {
  const withModel = state.models === null ? fittedToModel(state) : withModels(state, state.models);
  return withModel.datasets === null ? withModel : withDatasets(withModel, withModel.datasets);
}

function fittedToModel(state: NewRunState): NewRunState {
  const entry = chosenModel(state);
  return listsAtDraft(entry === null ? state : { ...state, draft: withLengthOf(state, state.draft, entry) });
}

/** Rows are as long as the model has room for, where that is less than the default and nobody has set another length. */
function withModelEntry(state: NewRunState, entry: ModelEntry): Draft {
  return withLengthOf(state, withValue(unnamed(state), 'model', entry.path), entry);
}

function withLengthOf(state: NewRunState, draft: Draft, entry: ModelEntry): Draft {
  const lengthOf = (model: ModelEntry | null): number => Math.min(usualLength(state), model?.contextLength ?? Infinity);
  const unset = [usualLength(state), lengthOf(chosenModel(state))];
  const length = lengthOf(entry);
  const current = valueAt(draft, 'max_length');
  return current === length || !unset.includes(Number(current)) ? draft : withValue(draft, 'max_length', length);
}

/** The name that the draft began with was that of other data or another model; one that was typed stays. */
function unnamed({ draft, givenName }: NewRunState): Draft {
  return givenName !== '' && textAt(draft, 'name') === givenName ? withValue(draft, 'name', null) : draft;
}

function withDatasetEntry(state: NewRunState, entry: DatasetEntry): Draft {
  return withDataset(unnamed(state), entry, state.defaults);
}

function givenModel(path: string): ModelEntry {
  return { path, name: lastPart(path), modelType: null, parameters: null, bytes: null, dtype: null, contextLength: null, supported: true, reason: null, tokenizer: true };
}

function givenDataset(path: string): DatasetEntry {
  return { path, name: lastPart(path), bytes: null, rows: null, guess: null, columns: [], supported: true, reason: null };
}

function lastPart(path: string): string {
  return path.split('/').filter((part) => part !== '').at(-1) ?? path;
}
