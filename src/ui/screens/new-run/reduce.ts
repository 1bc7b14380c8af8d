/** What each action makes of the form. */
import type { KnownFile } from '../../../config/command.js';
import type { Knob } from '../../../config/limits.js';
import type { Preset } from '../../../config/presets.js';
import type { DatasetEntry } from '../../../data/look/discover.js';
import type { ModelEntry } from '../../../models/discover.js';
import type { FieldAction } from '../../widgets/field.js';
import { reduceList } from '../../widgets/list.js';
import type { ListAction } from '../../widgets/list.js';
import { reduceDetail } from './detail.js';
import type { DetailAction } from './detail.js';
import { textAt, valueAt, withValue } from './draft.js';
import type { Draft } from './draft.js';
import { acceptEdit, beginEdit, complete, typeEdit } from './edit.js';
import { knobSections, showValue } from './knob.js';
import { reducePicker } from './picker.js';
import type { PickerAction } from './picker.js';
import { chooseDataset, chooseModel, listsAtDraft, takeDataset, takeModel, withDatasets, withModels, withOwnEntries } from './places.js';
import { reduceSaving } from './saving.js';
import type { SavingAction } from './saving.js';
import type { PathCompletion } from '../../widgets/path-field.js';
import { change, comparedWith, currentKnob, panes, shownKnobs, visibleDatasets, visibleModels } from './state.js';
import type { Assessment, FormPane, Looked, NewRunState, Outlook, Probe, WrittenDraft } from './state.js';

export type NewRunAction =
  | { readonly type: 'ready'; readonly knobs: readonly Knob[]; readonly presets: readonly Preset[]; readonly draft: Draft; readonly defaults: Draft }
  | { readonly type: 'models'; readonly models: readonly ModelEntry[] }
  | { readonly type: 'datasets'; readonly datasets: readonly DatasetEntry[] }
  /** What a dataset is that only the draft named. */
  | { readonly type: 'dataset-described'; readonly entry: DatasetEntry }
  | { readonly type: 'pane'; readonly by: 1 | -1 }
  | { readonly type: 'model-list'; readonly action: ListAction }
  | { readonly type: 'dataset-list'; readonly action: ListAction }
  | { readonly type: 'knob-move'; readonly by: number }
  | { readonly type: 'section-move'; readonly by: 1 | -1 }
  /** To a knob that differs from what the draft began as. */
  | { readonly type: 'changed-move'; readonly by: 1 | -1 }
  | { readonly type: 'to-pane'; readonly pane: FormPane }
  | { readonly type: 'set'; readonly key: string; readonly value: unknown }
  | { readonly type: 'reset' }
  | { readonly type: 'edit'; readonly text: string | null }
  | { readonly type: 'edit-type'; readonly action: FieldAction }
  | { readonly type: 'complete' }
  | { readonly type: 'completions'; readonly text: string; readonly found: readonly PathCompletion[] }
  | { readonly type: 'edit-accept' }
  | { readonly type: 'edit-cancel' }
  /** Of a typed path: what is there, or why it cannot be taken. */
  | { readonly type: 'model-found'; readonly entry: ModelEntry }
  | { readonly type: 'dataset-found'; readonly entry: DatasetEntry }
  | { readonly type: 'path-refused'; readonly text: string; readonly error: string }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' }
  /** Another start; without a name it is a change of the draft, which keeps what it began as. */
  | { readonly type: 'load'; readonly draft: Draft; readonly name?: string; readonly file?: KnownFile }
  | { readonly type: 'saved'; readonly file: KnownFile }
  | { readonly type: 'files'; readonly files: readonly KnownFile[] }
  | { readonly type: 'detail'; readonly action: DetailAction }
  | { readonly type: 'picker'; readonly action: PickerAction }
  | { readonly type: 'saving'; readonly action: SavingAction }
  | { readonly type: 'looked'; readonly looked: Looked }
  | { readonly type: 'written'; readonly written: WrittenDraft }
  | { readonly type: 'outlook'; readonly outlook: Outlook | null }
  | { readonly type: 'probe'; readonly probe: Probe | null }
  | { readonly type: 'assessed'; readonly assessment: Assessment }
  | { readonly type: 'starting'; readonly starting: boolean };

export function reduceNewRun(state: NewRunState, action: NewRunAction): NewRunState {
  switch (action.type) {
    case 'ready':
      return { ...state, knobs: action.knobs, presets: action.presets, draft: action.draft, defaults: action.defaults, givenName: textAt(action.draft, 'name'), pane: textAt(action.draft, 'model') === '' ? 'model' : 'settings' };
    case 'models':
      return withModels(state, action.models);
    case 'datasets':
      return withDatasets(state, action.datasets);
    case 'dataset-described':
      return { ...state, datasets: state.datasets?.map((entry) => (entry.path === action.entry.path ? action.entry : entry)) ?? null };
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
    case 'changed-move':
      return moveKnob(state, changedKnob(state, action.by));
    case 'to-pane':
      return { ...state, pane: action.pane };
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
    case 'complete':
      return complete(state);
    case 'completions':
      return state.editing?.field.text === action.text ? { ...state, editing: { ...state.editing, completions: action.found } } : state;
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
      return state.past.length === 0 ? state : listsAtDraft({ ...state, draft: state.past.at(-1)!, past: state.past.slice(0, -1), future: [state.draft, ...state.future], changing: null });
    case 'redo':
      return state.future.length === 0 ? state : listsAtDraft({ ...state, draft: state.future[0], past: [...state.past, state.draft], future: state.future.slice(1), changing: null });
    case 'load': {
      const base = action.name === undefined ? state.base : { name: action.name, draft: action.draft, file: action.file ?? null };
      return withOwnEntries({ ...change(state, action.draft), base, givenName: action.name === undefined ? state.givenName : textAt(action.draft, 'name'), pane: 'settings', knobCursor: 0, picker: null });
    }
    case 'saved':
      return { ...state, saving: null, base: { name: action.file.path, draft: state.draft, file: action.file } };
    case 'files':
      return { ...state, files: action.files };
    case 'detail': {
      const detail = reduceDetail(state.detail, action.action);
      return { ...state, detail, pane: action.action.type === 'show' ? 'detail' : state.pane };
    }
    case 'picker':
      return { ...state, picker: reducePicker(state.picker, action.action) };
    case 'saving':
      return { ...state, saving: reduceSaving(state.saving, action.action) };
    case 'looked':
      return { ...state, looked: action.looked };
    case 'written':
      return { ...state, written: action.written };
    case 'outlook':
      return { ...state, outlook: action.outlook };
    case 'probe':
      return { ...state, probe: action.probe };
    case 'assessed':
      return { ...state, assessment: action.assessment };
    case 'starting':
      return { ...state, starting: action.starting };
  }
}

function moveKnob(state: NewRunState, to: number): NewRunState {
  return { ...state, knobCursor: Math.max(0, Math.min(to, shownKnobs(state).length - 1)) };
}

function sectionStart({ knobs, draft, knobCursor }: NewRunState, by: 1 | -1): number {
  let next = 0;
  const starts = knobSections(knobs, draft).map((section) => (next += section.knobs.length) - section.knobs.length);
  return (by > 0 ? starts.find((start) => start > knobCursor) : starts.findLast((start) => start < knobCursor)) ?? knobCursor;
}

function changedKnob(state: NewRunState, by: 1 | -1): number {
  const before = comparedWith(state);
  const isChanged = ({ key }: Knob, i: number): boolean => (by > 0 ? i > state.knobCursor : i < state.knobCursor) && showValue(valueAt(state.draft, key)) !== showValue(valueAt(before, key));
  const found = by > 0 ? shownKnobs(state).findIndex(isChanged) : shownKnobs(state).findLastIndex(isChanged);
  return found < 0 ? state.knobCursor : found;
}
