/** Fills the screen once the services are there: settings first, then what a search of this machine finds. */
import { messageOf } from '../util/errors.js';
import type { Services } from './services.js';
import { withValue } from './screens/new-run/draft.js';
import type { Draft } from './screens/new-run/draft.js';
import type { NewRunAction } from './screens/new-run/state.js';
import type { Action, AppState } from './state.js';
import type { Store } from './store.js';

/** Ends when both searches have; what fails is said on the screen. */
export async function connect(services: Services, { dispatch }: Pick<Store<AppState, Action>, 'dispatch'>): Promise<void> {
  const form = (action: NewRunAction): void => dispatch({ type: 'new-run', action });
  const complain = (error: unknown): void => dispatch({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
  const defaults = withoutChoices(services.parse({ model: '-', dataset: { path: '-' } }));
  form({ type: 'ready', knobs: services.knobs, defaults, draft: firstDraft(services, defaults, complain) });
  dispatch({ type: 'connected' });
  await Promise.all([
    searched(services.models, complain).then((models) => form({ type: 'models', models })),
    searched(services.datasets, complain).then((datasets) => form({ type: 'datasets', datasets })),
  ]);
}

function firstDraft(services: Services, defaults: Draft, complain: (error: unknown) => void): Draft {
  if (Object.keys(services.defaults).length === 0) return defaults;
  try {
    return services.parse(services.defaults);
  } catch (error) {
    complain(error);
    return defaults;
  }
}

function withoutChoices(draft: Draft): Draft {
  return withValue(withValue(draft, 'model', ''), 'dataset.path', '');
}

async function searched<Entry>(search: () => Promise<readonly Entry[]>, complain: (error: unknown) => void): Promise<readonly Entry[]> {
  try {
    return await search();
  } catch (error) {
    complain(error);
    return [];
  }
}
