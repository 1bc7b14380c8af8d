/** Where the panes of the form lie: the one that has the focus gets the room. */
import type { NewRunState } from './state.js';

export interface FormLayout {
  /** Columns of the form and of the cost beside it. */
  readonly left: number;
  readonly right: number;
  /** Rows of the panes of the form, frames included; their sum is the height given. */
  readonly model: number;
  readonly dataset: number;
  readonly settings: number;
}

const smallest = 3;
/** With room for a sentence on why a typed path cannot be taken. */
const typing = 8;

export function formLayout({ pane, models, datasets, editing }: Pick<NewRunState, 'pane' | 'models' | 'datasets' | 'editing'>, width: number, height: number): FormLayout {
  const right = Math.min(46, Math.max(28, Math.floor(width * 0.42)));
  const roomy = height >= 32;
  const list = (entries: number, focused: boolean): number => {
    const wanted = Math.max(focused && editing ? typing : 4, entries + 3);
    if (focused) return Math.min(wanted, Math.floor(height * 0.5));
    return roomy ? Math.min(wanted, Math.floor(height * 0.2)) : smallest;
  };
  const model = list(models?.length ?? 1, pane === 'model');
  const dataset = list(datasets?.length ?? 1, pane === 'dataset');
  return { left: width - right, right, model, dataset, settings: height - model - dataset };
}
