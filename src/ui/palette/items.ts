/** What the palette finds: everything with a name. */
import type { CommandEntry } from '../command-line/commands.js';
import { screens } from '../screens/all.js';
import { valueAt } from '../screens/new-run/draft.js';
import { showValue } from '../screens/new-run/knob.js';
import type { AppState, Message } from '../state.js';

export const itemKinds = ['screen', 'command', 'run', 'model', 'dataset', 'key'] as const;
export type ItemKind = (typeof itemKinds)[number];

export interface PaletteItem {
  readonly kind: ItemKind;
  readonly name: string;
  /** Beside the name, and found by too. */
  readonly note: string;
  /** Choosing it. */
  readonly then: readonly Message[];
}

export function paletteItems(state: AppState, commands: readonly CommandEntry[]): readonly PaletteItem[] {
  const { newRun, runs } = state;
  return [
    ...screens.map(({ name, title }): PaletteItem => ({ kind: 'screen', name: title, note: '', then: [{ type: 'screen', screen: name }] })),
    ...commands.map(({ name, usage, summary }): PaletteItem => ({ kind: 'command', name, note: summary, then: [{ ask: 'command-open', text: usage === '' ? name : `${name} ` }] })),
    ...runs.map(({ id, name, state: at, tags }): PaletteItem => ({ kind: 'run', name, note: [id, at, ...tags].join(' '), then: [{ ask: 'open', runId: id }] })),
    ...(newRun.models ?? []).filter(({ supported }) => supported).map((entry): PaletteItem => ({ kind: 'model', name: entry.name, note: entry.path, then: [{ type: 'newRun', action: { type: 'model-found', entry } }, { type: 'screen', screen: 'newRun' }] })),
    ...(newRun.datasets ?? []).map((entry): PaletteItem => ({ kind: 'dataset', name: entry.name, note: entry.path, then: [{ type: 'newRun', action: { type: 'dataset-found', entry } }, { type: 'screen', screen: 'newRun' }] })),
    ...newRun.knobs.map(({ key, help }): PaletteItem => ({ kind: 'key', name: key, note: `${showValue(valueAt(newRun.draft, key))}  ${help}`, then: [{ ask: 'command-open', text: `set ${key} ` }] })),
  ];
}
