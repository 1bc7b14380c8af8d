/** The timing that a person asked for: one at a time, and gone with the screen. */
import { messageOf } from '../../../util/errors.js';
import type { World } from '../../screen.js';
import type { Probe } from './state.js';

/** By session. */
const running = new WeakMap<World, AbortController>();

export async function startProbe(world: World): Promise<void> {
  const { services, get, send } = world;
  stopProbe(world);
  const mine = new AbortController();
  running.set(world, mine);
  const { draft } = get().newRun;
  const tell = (probe: Partial<Probe>): void => {
    if (running.get(world) === mine) send({ type: 'newRun', action: { type: 'probe', probe: { draft, updates: 0, pace: null, problem: null, ...probe } } });
  };
  tell({});
  try {
    const pace = await services.form.probe(services.parse(draft), { signal: mine.signal, onUpdate: (updates) => tell({ updates }) });
    tell({ pace, updates: pace.updates });
  } catch (error) {
    if (mine.signal.aborted) send({ type: 'newRun', action: { type: 'probe', probe: null } });
    else tell({ problem: messageOf(error) });
  } finally {
    if (running.get(world) === mine) running.delete(world);
  }
}

export function stopProbe(world: World): void {
  running.get(world)?.abort();
}
