/** The doctor as the shell knows it. */
import { formatBytes } from '../../../util/format.js';
import type { ScreenDefinition, World } from '../../screen.js';
import type { Message } from '../../state.js';
import { doctorKeys, doctorTables } from './keys.js';
import { initialDoctor, reduceDoctor } from './state.js';
import type { DoctorAction, DoctorState } from './state.js';
import { DoctorView } from './view.js';

export type DoctorIntent = { readonly ask: 'examine' } | { readonly ask: 'clear-cache' };

const act = (action: DoctorAction): Message => ({ type: 'doctor', action });

export const doctor: ScreenDefinition<'doctor', DoctorState, DoctorAction, DoctorIntent> = {
  name: 'doctor',
  title: 'Doctor',
  initial: initialDoctor,
  reduce: reduceDoctor,
  keys: doctorKeys,
  tables: doctorTables,
  View: ({ state, width, height }) => <DoctorView state={state.doctor} now={state.now} width={width} height={height} />,
  intents: {
    examine: (_, world) => examine(world),
    'clear-cache': async (_, world) => {
      const freed = await world.services.doctor.clearTokenCache();
      world.send({ type: 'notice', notice: { tone: 'good', text: `${formatBytes(freed)} removed.` } });
      await examine(world);
    },
  },
  // Once, when it is first looked at.
  refresh(world) {
    const { found, looking } = world.get().doctor;
    if (!looking && found.node === undefined) world.send({ ask: 'examine' });
  },
};

async function examine({ get, send, services }: World): Promise<void> {
  if (get().doctor.looking) return;
  send(act({ type: 'begin' }));
  try {
    await services.doctor.examine((found) => send(act({ type: 'found', found })));
  } finally {
    send(act({ type: 'done', at: get().now }));
  }
}
