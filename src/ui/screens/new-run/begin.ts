/** What the form asks the services by itself: its first draft, what is on this machine, and what each draft would cost. */
import { messageOf } from '../../../util/errors.js';
import type { World } from '../../screen.js';
import type { Services } from '../../services.js';
import { textAt, withValue } from './draft.js';
import type { Draft } from './draft.js';
import { chosenDataset } from './state.js';

/** How long typing must rest, in milliseconds, before its cost is estimated. */
const assessAfter = 40;

/** Fills the form with settings, before anything of this machine is known. */
export function firstDraft({ services, send }: World): void {
  const defaults = withValue(withValue(services.parse({ model: '-', dataset: { path: '-' } }), 'model', ''), 'dataset.path', '');
  const ready = (draft: Draft): void => send({ type: 'newRun', action: { type: 'ready', knobs: services.knobs, defaults, draft } });
  if (Object.keys(services.defaults).length === 0) return ready(defaults);
  try {
    ready(services.parse(services.defaults));
  } catch (error) {
    ready(defaults);
    send({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
  }
}

/** Ends when both searches have; what fails is said on the screen. */
export async function searchMachine({ services, send }: World): Promise<void> {
  const searched = async <Entry>(search: () => Promise<readonly Entry[]>): Promise<readonly Entry[]> => {
    try {
      return await search();
    } catch (error) {
      send({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
      return [];
    }
  };
  await Promise.all([
    searched(services.models).then((models) => send({ type: 'newRun', action: { type: 'models', models } })),
    searched(services.datasets).then((datasets) => send({ type: 'newRun', action: { type: 'datasets', datasets } })),
  ]);
}

/** Estimates each new draft, the newest alone where several wait; returns what ends it. */
export function assessDrafts({ services, get, send, subscribe }: World): () => void {
  let assessed: unknown = null;
  let known: unknown = null;
  let newest = 0;
  let pending: NodeJS.Timeout | undefined;

  async function assess(): Promise<void> {
    const call = ++newest;
    const { draft } = get().newRun;
    const rows = chosenDataset(get().newRun)?.rows ?? undefined;
    const outcome = await estimateOrProblem(services, draft, rows);
    if (call === newest) send({ type: 'newRun', action: { type: 'assessed', assessment: { draft, ...outcome } } });
  }

  function follow(): void {
    const { draft, datasets } = get().newRun;
    if (draft === assessed && datasets === known) return;
    assessed = draft;
    known = datasets;
    clearTimeout(pending);
    pending = setTimeout(() => void assess(), assessAfter);
  }

  follow();
  const unsubscribe = subscribe(follow);
  return () => {
    unsubscribe();
    clearTimeout(pending);
    newest++;
  };
}

async function estimateOrProblem(services: Services, draft: Draft, rows: number | undefined) {
  const missing = textAt(draft, 'model') === '' ? 'model' : textAt(draft, 'dataset.path') === '' ? 'dataset' : null;
  if (missing !== null) return { problem: `Choose a ${missing}: Tab goes to its pane, e types a path.`, estimate: null };
  try {
    return { problem: null, estimate: await services.estimate(services.parse(draft), rows === undefined ? {} : { rows }) };
  } catch (error) {
    return { problem: messageOf(error), estimate: null };
  }
}
