/** What the form asks the services by itself: its first draft, and what is on this machine. */
import { messageOf } from '../../../util/errors.js';
import type { World } from '../../screen.js';
import { withValue } from './draft.js';
import type { Draft } from './draft.js';

/** Fills the form with settings, before anything of this machine is known. */
export function firstDraft({ services, send }: World): void {
  const defaults = withValue(withValue(services.parse({ model: '-', dataset: { path: '-' } }), 'model', ''), 'dataset.path', '');
  const ready = (draft: Draft): void => send({ type: 'newRun', action: { type: 'ready', knobs: services.knobs, presets: services.form.presets, defaults, draft } });
  if (Object.keys(services.defaults).length === 0) return ready(defaults);
  try {
    ready(services.parse(services.defaults));
  } catch (error) {
    ready(defaults);
    send({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
  }
}

/** Ends when every search has; what fails is said on the screen. */
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
    searched(services.form.files).then((files) => send({ type: 'newRun', action: { type: 'files', files } })),
  ]);
}
