/** The form of a new run: one draft, the panes around it, and what is known of its cost and its data. */
import { advise } from '../../../config/advice.js';
import type { Advice } from '../../../config/advice.js';
import type { KnownFile } from '../../../config/command.js';
import type { Knob } from '../../../config/limits.js';
import type { Preset } from '../../../config/presets.js';
import type { Experiment } from '../../../config/schema.js';
import type { Estimate } from '../../../trainer/estimate.js';
import type { DatasetEntry } from '../../../data/look/discover.js';
import { histogramOf } from '../../../data/look/lengths.js';
import type { DataPreview } from '../../../data/look/preview.js';
import type { ModelEntry } from '../../../models/discover.js';
import { formatCount } from '../../../util/format.js';
import { fuzzyRows } from '../../format/fuzzy.js';
import { emptyList } from '../../widgets/list.js';
import type { ListState } from '../../widgets/list.js';
import type { Field } from '../../widgets/field.js';
import { initialDetail } from './detail.js';
import type { DetailState } from './detail.js';
import { textAt, valueAt } from './draft.js';
import type { Draft } from './draft.js';
import { knobSections } from './knob.js';
import type { KnownPace } from './pace.js';
import type { PickerState } from './picker.js';
import type { SavingState } from './saving.js';
import type { PathCompletion } from '../../widgets/path-field.js';
import type { Pace } from './services.js';

export const panes = ['model', 'dataset', 'settings', 'detail'] as const;
export type FormPane = (typeof panes)[number];

/** A value being typed: a knob's, or the path of a model or dataset. */
export interface Editing {
  readonly key: string;
  readonly field: Field;
  /** The draft to go back to. */
  readonly before: Draft;
  readonly error: string | null;
  /** Of a path: how it may go on. */
  readonly completions: readonly PathCompletion[];
}

/** What was found out about one draft. */
export interface Assessment {
  readonly draft: Draft;
  readonly problem: string | null;
  /** Both null where there is a problem. */
  readonly experiment: Experiment | null;
  readonly estimate: Estimate | null;
  /** How fast a run of this shape was, or a timing of it. */
  readonly pace: KnownPace | null;
  /** Why its engine or device is not to be had here. */
  readonly noEngine: string | null;
}

/** What the next step of a knob would change. */
export interface Outlook {
  readonly draft: Draft;
  readonly key: string;
  readonly value: unknown;
  readonly estimate: Estimate;
}

/** What the data of one draft looks like, or why that cannot be said. */
export interface Looked {
  /** Of everything that decides it. */
  readonly of: string;
  readonly preview: DataPreview | null;
  readonly problem: string | null;
  /** A run would end with the same problem: it is one of the data, not of the look at it. */
  readonly broken: boolean;
}

/** The file and the command that say the same. */
export interface Written {
  readonly yaml: string;
  readonly command: string;
}

/** The draft as a person would write it down, or why it cannot be. */
export interface WrittenDraft {
  readonly text: Written | null;
  readonly problem: string | null;
}

/** A timing of a few updates: going on, done, or failed. */
export interface Probe {
  readonly draft: Draft;
  readonly updates: number;
  readonly pace: Pace | null;
  readonly problem: string | null;
}

/** What the draft began as, to see what has changed since. */
export interface Base {
  readonly name: string;
  readonly draft: Draft;
  /** Where it is an experiment file. */
  readonly file: KnownFile | null;
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
  /** The name that the draft came with; empty for none. */
  readonly givenName: string;
  readonly editing: Editing | null;
  readonly past: readonly Draft[];
  readonly future: readonly Draft[];
  /** The key of the last change that a next one of the same key replaces, so that undo does not walk through a list. */
  readonly changing: string | null;
  readonly assessment: Assessment | null;
  readonly outlook: Outlook | null;
  readonly looked: Looked | null;
  readonly written: WrittenDraft | null;
  readonly probe: Probe | null;
  readonly base: Base | null;
  readonly detail: DetailState;
  readonly picker: PickerState | null;
  readonly saving: SavingState | null;
  readonly presets: readonly Preset[];
  readonly files: readonly KnownFile[];
  readonly starting: boolean;
}

export const initialNewRun: NewRunState = {
  pane: 'model', models: null, datasets: null, modelList: emptyList, datasetList: emptyList, knobs: [], knobCursor: 0,
  draft: {}, defaults: {}, givenName: '', editing: null, past: [], future: [], changing: null, assessment: null, outlook: null, looked: null, written: null, probe: null,
  base: null, detail: initialDetail, picker: null, saving: null, presets: [], files: [], starting: false,
};

const historyLimit = 200;

export function visibleModels(state: NewRunState): readonly ModelEntry[] {
  return fuzzyRows(state.models ?? [], state.modelList.filter, modelText);
}

export function visibleDatasets(state: NewRunState): readonly DatasetEntry[] {
  return fuzzyRows(state.datasets ?? [], state.datasetList.filter, datasetText);
}

function modelText({ name, modelType, dtype, path }: ModelEntry): string {
  return `${name} ${modelType ?? ''} ${dtype ?? ''} ${path}`;
}

function datasetText({ name, guess, columns, path }: DatasetEntry): string {
  return `${name} ${guess ?? ''} ${columns.join(' ')} ${path}`;
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

export function isPath(key: string): key is PathKey {
  return key === 'model' || key === 'dataset.path';
}

/** The key that `e` edits in the pane that has the focus. */
export function editKey(state: NewRunState): string | null {
  return state.pane === 'model' ? 'model' : state.pane === 'dataset' ? 'dataset.path' : (currentKnob(state)?.key ?? null);
}

export function chosenDataset(state: NewRunState): DatasetEntry | null {
  return state.datasets?.find(({ path }) => path === textAt(state.draft, 'dataset.path')) ?? null;
}

export function chosenModel(state: NewRunState): ModelEntry | null {
  return state.models?.find(({ path }) => path === textAt(state.draft, 'model')) ?? null;
}

/** `max_length` where nobody sets it and the model has room for more. */
export function usualLength({ defaults }: NewRunState): number {
  return Number(valueAt(defaults, 'max_length') ?? Infinity);
}

/** Why a run of the draft would end before it begins, as far as it is known. */
export function blockingProblem(state: NewRunState): string | null {
  const { draft, looked } = state;
  return currentProblem(state) ?? (looked?.broken && looked.of === dataKey(draft) ? looked.problem : null);
}

/** Null while the last assessment is of another draft. */
export function currentProblem(state: NewRunState): string | null {
  return state.assessment?.draft === state.draft ? state.assessment.problem : null;
}

/** Everything that decides what the rows of a draft are. */
export function dataKey(draft: Draft): string {
  return JSON.stringify([...['model', 'tokenizer', 'dataset', 'stage', 'max_length', 'train.seed'].map((key) => valueAt(draft, key))]);
}

/** What there is to think over about the draft as it was last estimated; rows that are cut are known from a look at the data too. */
export function adviceOf(state: NewRunState): readonly Advice[] {
  const { assessment, looked } = state;
  if (!assessment?.estimate || !assessment.experiment) return [];
  const { experiment, estimate } = assessment;
  const room = chosenModel(state)?.contextLength ?? null;
  const fitted = room !== null && room < usualLength(state) && experiment.max_length === room;
  const ofLength: Advice[] = fitted ? [{ keys: ['max_length'], text: `max_length is ${formatCount(room)}, as many tokens as the model was made for.` }] : [];
  const ofEngine: Advice[] = assessment.noEngine === null ? [] : [{ keys: ['engine.device', 'engine.name'], text: assessment.noEngine }];
  return [...ofEngine, ...ofLength, ...advise(experiment, { ...estimate, cut_rows: estimate.cut_rows ?? cutRows(experiment.max_length, looked?.preview ?? null, estimate.train_rows) })];
}

/** By the share of the rows that were looked at. */
function cutRows(maxLength: number, preview: DataPreview | null, rows: number | null): number | null {
  if (preview === null || preview.lengths === null || rows === null) return null;
  const { cut } = histogramOf(preview.lengths, maxLength);
  return Math.round((cut / Math.max(1, preview.lengths.length)) * rows);
}

export function isProbing({ probe }: NewRunState): boolean {
  return probe !== null && probe.pace === null && probe.problem === null;
}

/** What the draft is compared with: what it began as, else the defaults. */
export function comparedWith({ base, defaults }: NewRunState): Draft {
  return base?.draft ?? defaults;
}

/** A new draft that can be undone; a further one of the same `as` is undone together with it. */
export function change(state: NewRunState, draft: Draft, as: string | null = null): NewRunState {
  const again = as !== null && as === state.changing;
  return { ...state, draft, past: again ? state.past : [...state.past, state.draft].slice(-historyLimit), future: [], changing: as };
}
