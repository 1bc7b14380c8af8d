/** The form as the shell knows it. */
import type { ScreenDefinition, World } from '../../screen.js';
import { UserError, messageOf } from '../../../util/errors.js';
import { firstDraft, searchMachine } from './begin.js';
import { textAt, valueAt, withValue } from './draft.js';
import type { Draft } from './draft.js';
import { shownStarts } from './dialog-keys.js';
import { followDrafts } from './follow.js';
import { newRunKeys, newRunTables } from './keys.js';
import type { Start } from './picker.js';
import { startProbe, stopProbe } from './probe.js';
import { reduceNewRun } from './reduce.js';
import type { NewRunAction } from './reduce.js';
import { currentKnob, initialNewRun } from './state.js';
import type { NewRunState, PathKey } from './state.js';
import { NewRunView } from './view.js';

export type NewRunIntent =
  | { readonly ask: 'start'; readonly draft: Draft }
  /** The knob under the cursor, one up or down. */
  | { readonly ask: 'step'; readonly direction: 1 | -1 }
  /** What lies at a typed path, to choose it. */
  | { readonly ask: 'take-path'; readonly key: PathKey; readonly text: string }
  | { readonly ask: 'begin-from'; readonly start: Start }
  | { readonly ask: 'probe' }
  | { readonly ask: 'stop-probe' }
  /** Under which name it is to be written. */
  | { readonly ask: 'name-file' }
  | { readonly ask: 'save-file'; readonly overwrite: boolean }
  | { readonly ask: 'copy'; readonly what: 'command' | 'file' };

export const newRun: ScreenDefinition<'newRun', NewRunState, NewRunAction, NewRunIntent> = {
  name: 'newRun',
  title: 'New run',
  shortTitle: 'New',
  initial: initialNewRun,
  reduce: reduceNewRun,
  keys: newRunKeys,
  tables: newRunTables,
  View: ({ state, width, height }) => <NewRunView state={state.newRun} runs={state.runs} starts={shownStarts(state)} width={width} height={height} />,
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
    'begin-from': beginFrom,
    probe: (_, world) => startProbe(world),
    'stop-probe': (_, world) => stopProbe(world),
    'name-file'(_, { get, send }) {
      const { base, draft } = get().newRun;
      send({ type: 'newRun', action: { type: 'saving', action: { type: 'open', path: base?.file?.path ?? `${textAt(draft, 'name') || 'experiment'}.yaml` } } });
    },
    'save-file': saveFile,
    copy({ what }, { services, get, send }) {
      const { draft, base } = get().newRun;
      const experiment = services.parse(draft);
      services.form.copy(what === 'file' ? services.form.write(experiment) : services.form.command(experiment, base?.file ?? null));
      send({ type: 'notice', notice: { tone: 'good', text: `The ${what} is in your terminal's clipboard, where the terminal allows it.` } });
    },
  },
  start(world) {
    firstDraft(world);
    void searchMachine(world);
    const end = followDrafts(world);
    return () => {
      end();
      stopProbe(world);
    };
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

/** A preset keeps model and data; a run or a file takes the place of everything, its name aside. */
function beginFrom({ start }: Extract<NewRunIntent, { ask: 'begin-from' }>, { get, send }: World): void {
  const load = (draft: Draft, from: { readonly name?: string; readonly file?: Extract<Start, { kind: 'file' }>['file'] }): void =>
    send({ type: 'newRun', action: { type: 'load', draft, ...from } }, { type: 'notice', notice: { tone: 'good', text: `The settings of ${start.name}: u takes them back, D shows what differs.` } });
  switch (start.kind) {
    case 'preset': {
      const { draft } = get().newRun;
      return load(Object.entries(start.preset.values).reduce((changed, [key, value]) => withValue(changed, key, value), draft), {});
    }
    case 'run':
      return load({ ...start.run.config, name: null }, { name: start.name });
    case 'file':
      return load(start.file.experiment, { name: start.name, file: start.file });
  }
}

async function saveFile({ overwrite }: Extract<NewRunIntent, { ask: 'save-file' }>, { services, get, send }: World): Promise<void> {
  const { saving, draft } = get().newRun;
  const path = saving?.field.text.trim() ?? '';
  const refused = (error: string): void => send({ type: 'newRun', action: { type: 'saving', action: { type: 'refused', error } } });
  if (path === '') return refused('Type a name, or press Esc.');
  const named = /\.ya?ml$/.test(path) ? path : `${path}.yaml`;
  if (!overwrite && services.form.exists(named)) {
    const answers = [
      { keys: ['y'], does: 'write over it', then: [{ ask: 'save-file', overwrite: true } as const] },
      { keys: ['esc', 'n'], does: 'keep it', then: [] },
    ];
    return send({ type: 'ask', dialog: { title: 'Write over it?', question: `${named} is there already. Write over it?`, answers } });
  }
  try {
    const file = await services.form.save(named, services.parse(draft), { overwrite });
    send({ type: 'newRun', action: { type: 'saved', file } }, { type: 'notice', notice: { tone: 'good', text: `Written: ${file.path}. workbench train ${file.path} starts it.` } });
  } catch (error) {
    refused(messageOf(error));
  }
}
