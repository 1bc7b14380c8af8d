/** The form as the shell knows it. */
import type { ScreenDefinition, World } from '../../screen.js';
import { UserError, messageOf } from '../../../util/errors.js';
import { assessDrafts, firstDraft, searchMachine } from './begin.js';
import { textAt, valueAt } from './draft.js';
import type { Draft } from './draft.js';
import { newRunKeys, newRunTables } from './keys.js';
import { currentKnob, initialNewRun, reduceNewRun } from './state.js';
import type { NewRunAction, NewRunState, PathKey } from './state.js';
import { NewRunView } from './view.js';

export type NewRunIntent =
  | { readonly ask: 'start'; readonly draft: Draft }
  /** The knob under the cursor, one up or down. */
  | { readonly ask: 'step'; readonly direction: 1 | -1 }
  /** What lies at a typed path, to choose it. */
  | { readonly ask: 'take-path'; readonly key: PathKey; readonly text: string };

export const newRun: ScreenDefinition<'newRun', NewRunState, NewRunAction, NewRunIntent> = {
  name: 'newRun',
  title: 'New run',
  initial: initialNewRun,
  reduce: reduceNewRun,
  keys: newRunKeys,
  tables: newRunTables,
  View: ({ state, width, height }) => <NewRunView state={state.newRun} width={width} height={height} />,
  intents: {
    async start({ draft }, { services, send }) {
      send({ type: 'newRun', action: { type: 'starting', starting: true } });
      try {
        send({ ask: 'watch', runId: await services.startRun(services.parse(draft)) });
      } finally {
        send({ type: 'newRun', action: { type: 'starting', starting: false } });
      }
    },
    step({ direction }, { services, get, send }) {
      const knob = currentKnob(get().newRun);
      if (knob === null) return;
      const before = valueAt(get().newRun.draft, knob.key);
      const value = services.step(knob.key, before, direction);
      if (value !== before) send({ type: 'newRun', action: { type: 'set', key: knob.key, value } });
    },
    'take-path': takePath,
  },
  start(world) {
    firstDraft(world);
    void searchMachine(world);
    return assessDrafts(world);
  },
};

async function takePath({ key, text }: Extract<NewRunIntent, { ask: 'take-path' }>, { services, get, send }: World): Promise<void> {
  const form = (action: NewRunAction): void => send({ type: 'newRun', action });
  const path = text.trim();
  if (path === textAt(get().newRun.draft, key)) return form({ type: 'edit-cancel' });
  try {
    if (path === '') throw new UserError('Type a path, or press Esc.');
    form(key === 'model' ? { type: 'model-found', entry: await services.modelAt(path) } : { type: 'dataset-found', entry: await services.datasetAt(path) });
  } catch (error) {
    form({ type: 'path-refused', text, error: messageOf(error) });
  }
}
