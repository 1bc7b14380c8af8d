/** Where the panes of the form lie: the one that has the focus gets the room. */
import type { View } from './detail.js';
import type { NewRunState } from './state.js';

export interface FormLayout {
  /** Columns of the form, of the costs where they have a column of their own, and of the pane of views; 0 where there is none. */
  readonly left: number;
  readonly costs: number;
  readonly right: number;
  /** Rows of the panes of the form, frames included; their sum is the height given. */
  readonly model: number;
  readonly dataset: number;
  readonly settings: number;
  /** What the pane of views shows. */
  readonly view: View;
}

const smallest = 3;
/** With room for a sentence on why a typed path cannot be taken, and for how it may go on. */
const typing = 8;

/** From here on the costs are always seen, beside the view that was chosen. */
const threeColumns = 150;
/** Below this a view takes the whole screen while it has the focus. */
const twoColumns = 100;

export type Laid = Pick<NewRunState, 'pane' | 'models' | 'datasets' | 'editing' | 'detail'>;

export function formLayout({ pane, models, datasets, editing, detail }: Laid, width: number, height: number): FormLayout {
  const roomy = height >= 32;
  const list = (entries: number, focused: boolean): number => {
    const wanted = Math.max(focused && editing ? typing : 4, entries + 3);
    if (focused) return Math.min(wanted, Math.floor(height * 0.5));
    return roomy ? Math.min(wanted, Math.floor(height * 0.2)) : smallest;
  };
  const model = list(models?.length ?? 1, pane === 'model');
  const dataset = list(datasets?.length ?? 1, pane === 'dataset');
  return { ...columns(pane === 'detail', detail.view, width), model, dataset, settings: height - model - dataset };
}

function columns(focused: boolean, view: View, width: number): Pick<FormLayout, 'left' | 'costs' | 'right' | 'view'> {
  if (width >= threeColumns) {
    const left = Math.floor(width * 0.35);
    const costs = 48;
    return { left, costs, right: width - left - costs, view: view === 'costs' ? 'lengths' : view };
  }
  const beside = Math.min(50, Math.max(28, Math.floor(width * 0.42)));
  const right = focused && view !== 'costs' ? (width < twoColumns ? width : Math.floor(width * 0.6)) : beside;
  return { left: width - right, costs: 0, right, view };
}
