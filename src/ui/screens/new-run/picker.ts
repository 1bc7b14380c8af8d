/** Where a draft may start from: a preset, a past run, an experiment file. */
import type { KnownFile } from '../../../config/command.js';
import type { Preset } from '../../../config/presets.js';
import type { RunRecord } from '../../../store/rows.js';
import { baseName } from '../../format/run.js';
import { fuzzyRows } from '../../format/fuzzy.js';
import { emptyList, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';

export type Start =
  | { readonly kind: 'preset'; readonly name: string; readonly about: string; readonly preset: Preset }
  | { readonly kind: 'run'; readonly name: string; readonly about: string; readonly run: RunRecord }
  | { readonly kind: 'file'; readonly name: string; readonly about: string; readonly file: KnownFile };

/** Presets change a few knobs of the draft; the others take its place. */
export type PickerWhat = 'presets' | 'starts';

export interface PickerState {
  readonly what: PickerWhat;
  readonly list: ListState;
}

export type PickerAction = { readonly type: 'open'; readonly what: PickerWhat } | { readonly type: 'close' } | { readonly type: 'list'; readonly action: ListAction; readonly count: number };

export function reducePicker(state: PickerState | null, action: PickerAction): PickerState | null {
  switch (action.type) {
    case 'open':
      return { what: action.what, list: reduceList(emptyList, { type: 'filter' }, 0) };
    case 'close':
      return null;
    case 'list':
      return state && { ...state, list: reduceList(state.list, action.action, action.count) };
  }
}

export interface Sources {
  readonly presets: readonly Preset[];
  readonly runs: readonly RunRecord[];
  readonly files: readonly KnownFile[];
}

/** What the picker offers, the best match of its filter first. */
export function startsOf({ what, list }: PickerState, { presets, runs, files }: Sources): readonly Start[] {
  const all: readonly Start[] = what === 'presets'
    ? presets.map((preset) => ({ kind: 'preset', name: preset.name, about: preset.help, preset }))
    : [
        ...files.map((file): Start => ({ kind: 'file', name: file.path, about: aboutOf(file.experiment), file })),
        ...runs.map((run): Start => ({ kind: 'run', name: run.name, about: `${run.state}${run.eval_loss === null ? '' : `, eval loss ${run.eval_loss.toFixed(3)}`}; ${aboutOf(run.config)}`, run })),
      ];
  return fuzzyRows(all, list.filter, ({ kind, name, about }) => `${name} ${kind} ${about}`);
}

function aboutOf({ model, dataset, finetuning }: RunRecord['config']): string {
  return `${finetuning}, ${baseName(model)} on ${baseName(dataset.path)}`;
}
