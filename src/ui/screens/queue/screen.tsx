/** The queue as the shell knows it. */
import { counted } from '../../../util/format.js';
import { messageOf } from '../../../util/errors.js';
import type { ScreenDefinition, World } from '../../screen.js';
import type { Message } from '../../state.js';
import type { Draft } from '../new-run/draft.js';
import { queueKeys, queueTables } from './keys.js';
import { initialQueue, reduceQueue } from './state.js';
import type { QueueAction, QueueState } from './state.js';
import { QueueView } from './view.js';

export type QueueIntent =
  | { readonly ask: 'queue-move'; readonly runId: string; readonly place: number }
  | { readonly ask: 'queue-remove'; readonly runId: string }
  | { readonly ask: 'queue-start' }
  | { readonly ask: 'queue-parallel'; readonly by: 1 | -1 }
  | { readonly ask: 'queue-form'; readonly draft: Draft }
  | { readonly ask: 'queue-file'; readonly path: string }
  /** What the path that is typed may become. */
  | { readonly ask: 'queue-complete' }
  | { readonly ask: 'queue-resume-all' };

const queueAction = (action: QueueAction): Message => ({ type: 'queue', action });
const good = (text: string): Message => ({ type: 'notice', notice: { tone: 'good', text } });

export const queue: ScreenDefinition<'queue', QueueState, QueueAction, QueueIntent> = {
  name: 'queue',
  title: 'Queue',
  initial: initialQueue,
  reduce: (own, action, { runs }) => reduceQueue(own, action, runs),
  keys: queueKeys,
  tables: queueTables,
  View: ({ state, width, height }) => <QueueView state={state.queue} now={state.now} width={width} height={height} />,
  intents: {
    'queue-move': ({ runId, place }, { services, send, refresh }) => {
      services.queue.move(runId, place);
      send(queueAction({ type: 'follow', runId }));
      refresh();
    },
    'queue-remove': ({ runId }, { services, send, refresh }) => {
      const { name } = services.reader.run(runId);
      services.queue.remove(runId);
      send(good(`${name} waits no more.`));
      refresh();
    },
    'queue-start': async (_, { services, send, refresh }) => {
      const waiting = await services.queue.start();
      send(good(`The line is worked on: ${counted(waiting, 'run')} waited, ${services.reader.parallel()} at once.`));
      refresh();
    },
    'queue-parallel': async ({ by }, { services, refresh }) => {
      await services.queue.setParallel(Math.max(1, services.reader.parallel() + by));
      refresh();
    },
    'queue-form': async ({ draft }, { services, send, refresh }) => {
      send(good(`${await services.queue.add(services.parse(draft))}.`));
      refresh();
      await services.queue.start();
    },
    'queue-file': addFile,
    'queue-complete': async (_, { get, send, services }) => {
      const text = get().queue.adding?.field.text;
      if (text !== undefined) send(queueAction({ type: 'path', action: { type: 'completions', text, completions: await services.form.complete(text) } }));
    },
    'queue-resume-all': async (_, { services, send, refresh }) => {
      const count = await services.resumeInterrupted();
      send(good(count === 0 ? 'None of them can go on: workbench resume --interrupted says why.' : `${counted(count, 'run')} that ${count === 1 ? 'was' : 'were'} cut off ${count === 1 ? 'goes' : 'go'} on, before what waits.`));
      refresh();
    },
  },
  refresh: ({ send, services }) => send(queueAction({ type: 'line', line: { waiting: services.reader.queue(), parallel: services.reader.parallel(), interrupted: services.interrupted(), searches: services.reader.searches().filter(({ state }) => state === 'running') } })),
};

/** What cannot be read stays to be corrected. */
async function addFile({ path }: Extract<QueueIntent, { ask: 'queue-file' }>, { services, send, refresh }: World): Promise<void> {
  try {
    send(good(`${await services.queue.addFile(path.trim())}.`));
  } catch (error) {
    return send(queueAction({ type: 'path', action: { type: 'refused', error: messageOf(error) } }));
  }
  send(queueAction({ type: 'close' }));
  refresh();
  await services.queue.start();
}
