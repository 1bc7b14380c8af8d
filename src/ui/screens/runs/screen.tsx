/** The history as the shell knows it. */
import type { RunRecord } from '../../../store/rows.js';
import { counted, formatBytes } from '../../../util/format.js';
import { readShown } from '../../look.js';
import type { ScreenDefinition, World } from '../../screen.js';
import type { Message } from '../../state.js';
import { ageColumn, columnOf, sketchPoints } from './columns.js';
import type { Sketch } from './columns.js';
import { askForExport, formatAt } from './exports.js';
import { runsKeys, runsTables } from './keys.js';
import { followRun, initialRuns, reduceRuns, visibleRuns } from './state.js';
import type { Editing, RunsAction, RunsState, TablePreferences } from './state.js';
import { RunsView } from './view.js';

export type RunsIntent =
  | { readonly ask: 'open'; readonly runId: string }
  | { readonly ask: 'resume'; readonly runId: string }
  | { readonly ask: 'branch'; readonly runId: string }
  | { readonly ask: 'archive'; readonly runIds: readonly string[]; readonly archived: boolean }
  /** `sure`: it has been asked for and agreed to. */
  | { readonly ask: 'delete'; readonly runIds: readonly string[]; readonly sure: boolean }
  | { readonly ask: 'queue-again'; readonly runIds: readonly string[]; readonly sure: boolean }
  | { readonly ask: 'take-text'; readonly what: Editing['what']; readonly runIds: readonly string[]; readonly text: string }
  | { readonly ask: 'choose-export'; readonly runId: string }
  | { readonly ask: 'keep-table' };

/** Under which name the look of the table is kept. */
const preferenceName = 'runs';

export const history: ScreenDefinition<'history', RunsState, RunsAction, RunsIntent> = {
  name: 'history',
  title: 'Runs',
  initial: initialRuns,
  reduce: (own, action, { runs }) => reduceRuns(own, action, runs),
  followRuns: (own, before, after) => followRun(own, before, after),
  keys: runsKeys,
  tables: runsTables,
  View: ({ state, width, height }) => <RunsView state={state.history} runs={state.runs} knobs={state.newRun.knobs} drawing={state.live.drawing} now={state.now} looked={state.connected} width={width} height={height} />,
  intents: {
    open: ({ runId }, { send, refresh }) => {
      send({ type: 'history', action: { type: 'open', runId } }, { type: 'screen', screen: 'history' });
      refresh();
    },
    resume: async ({ runId }, { services, send, refresh }) => {
      await services.resume(runId);
      send(waiting(services.reader.run(runId), 'It goes on from its newest checkpoint when its turn comes.'));
      refresh();
    },
    branch: async ({ runId }, { services, send, refresh }) => {
      const child = services.reader.run(await services.records.branch(runId));
      send(waiting(child, `${child.name} waits in line; it goes on from the newest checkpoint of ${services.reader.run(runId).name}.`));
      refresh();
    },
    archive: ({ runIds, archived }, { services, send, refresh }) => {
      services.records.archive(runIds, archived);
      send({ type: 'history', action: { type: 'mark', ids: [] } }, good(archived ? `${counted(runIds.length, 'run')} archived; . shows them.` : `${counted(runIds.length, 'run')} in the list again.`));
      refresh();
    },
    delete: async ({ runIds, sure }, world) => {
      const { services, send, refresh } = world;
      if (!sure) return askToDelete(runIds, world);
      services.records.remove(runIds);
      send({ type: 'history', action: { type: 'close' } }, { type: 'history', action: { type: 'mark', ids: [] } }, good(`${counted(runIds.length, 'run')} deleted.`));
      refresh();
    },
    'queue-again': async ({ runIds, sure }, { services, send, refresh }) => {
      if (!sure) return send(asking('Queue', `Put ${named(runIds, services.reader)} in line again, as ${runIds.length === 1 ? 'a new run' : 'new runs'} with the same settings?`, [{ ask: 'queue-again', runIds, sure: true }]));
      const ids = await services.records.queueAgain(runIds);
      send(good(`${counted(ids.length, 'new run')} in line.`));
      refresh();
    },
    'take-text': takeText,
    'choose-export': async ({ runId }, { services, send }) => send(askForExport(services.reader.run(runId), await services.records.exportFormats(runId))),
    'keep-table': (_, { get, services }) => services.records.remember(preferenceName, preferencesOf(get().history)),
  },
  start(world) {
    world.send({ type: 'history', action: { type: 'preferences', preferences: readPreferences(world.services.reader.preference(preferenceName)) } });
    return world.subscribe(() => sketchSeen(world));
  },
  refresh(world) {
    const { get, send, services } = world;
    readShown(services.reader, {
      runId: () => get().history.opened?.runId ?? null,
      data: () => get().history.opened?.data ?? null,
      show: (data) => send({ type: 'history', action: { type: 'data', data } }),
    });
    sketchSeen(world);
  },
};

async function askToDelete(runIds: readonly string[], { services, send }: World): Promise<void> {
  const bytes = await services.records.bytes(runIds);
  send(asking('Delete', `Delete ${named(runIds, services.reader)} for good, with ${bytes === 0 ? 'no files' : `${formatBytes(bytes)} of files`} (checkpoints, what was learned, logs)?`, [{ ask: 'delete', runIds, sure: true }]));
}

async function takeText({ what, runIds, text }: Extract<RunsIntent, { ask: 'take-text' }>, { services: { records }, get, send, refresh }: World): Promise<void> {
  switch (what) {
    case 'tags': {
      const words = text.split(/[\s,]+/).filter((word) => word !== '' && word !== '-');
      records.tag(runIds, { add: words.filter((word) => !word.startsWith('-')), remove: words.filter((word) => word.startsWith('-')).map((word) => word.slice(1)) });
      break;
    }
    case 'note':
      records.note(runIds, text.trim());
      break;
    case 'name':
      records.rename(runIds[0], text);
      break;
    case 'filter name': {
      const { list, filters } = get().history;
      const name = text.trim() || list.filter;
      send({ type: 'history', action: { type: 'preferences', preferences: { filters: [...filters.filter((saved) => saved.name !== name), { name, query: list.filter }] } } }, { ask: 'keep-table' }, good('f lists the saved filters.'));
      break;
    }
    default:
      send({ type: 'notice', notice: { tone: 'good', text: `Writing ${text.trim()}.` } });
      send(good(`Wrote ${await records.export(runIds[0], formatAt(what), text.trim())}`));
  }
  refresh();
}

/** Sketches of the runs around the cursor that have none, or have gone on since. */
function sketchSeen({ get, send, services }: World): void {
  const { screen, connected, runs, history: { list, sketches, opened, ...order }, size } = get();
  if (screen !== 'history' || !connected || opened) return;
  const around = visibleRuns(runs, { ...order, list }).slice(Math.max(0, list.cursor - size.rows), list.cursor + size.rows);
  const missing = around.filter(({ id, step }) => sketches[id]?.step !== step);
  if (missing.length === 0) return;
  const fresh = missing.map(({ id, step }): [string, Sketch] => [id, { step, series: services.reader.sketch(id, 'loss', sketchPoints) }]);
  // Those out of sight are dropped, so that a long walk through ten thousand runs keeps no more than a screen of them.
  const kept = around.filter(({ id }) => id in sketches).map(({ id }): [string, Sketch] => [id, sketches[id]]);
  send({ type: 'history', action: { type: 'sketches', sketches: Object.fromEntries([...kept, ...fresh]) } });
}

function preferencesOf({ columns, sort, reverse, filters }: TablePreferences): TablePreferences {
  return { columns, sort, reverse, filters };
}

/** What was kept by this version or another one, as far as it still holds. */
function readPreferences(value: unknown): Partial<TablePreferences> {
  if (typeof value !== 'object' || value === null) return {};
  const { columns, sort, reverse, filters } = value as { readonly [K in keyof TablePreferences]?: unknown };
  const known = Array.isArray(columns) ? columns.filter((name): name is string => typeof name === 'string' && columnOf(name) !== null) : [];
  const isFilter = (each: unknown): each is TablePreferences['filters'][number] => typeof each === 'object' && each !== null && 'name' in each && typeof each.name === 'string' && 'query' in each && typeof each.query === 'string';
  return {
    columns: known.length > 0 ? known : null,
    sort: typeof sort === 'string' && columnOf(sort)?.value !== undefined ? sort : ageColumn,
    reverse: reverse === true,
    filters: Array.isArray(filters) ? filters.filter(isFilter) : [],
  };
}

function named(runIds: readonly string[], reader: World['services']['reader']): string {
  return runIds.length === 1 ? reader.run(runIds[0]).name : `${runIds.length} runs`;
}

/** Said until the run no longer waits. */
function waiting({ id, state }: RunRecord, text: string): Message {
  return { type: 'notice', notice: { tone: 'good', text, until: { runId: id, state, step: Infinity } } };
}

function good(text: string): Message {
  return { type: 'notice', notice: { tone: 'good', text } };
}

function asking(title: string, question: string, then: readonly Message[]): Message {
  return { type: 'ask', dialog: { title, question, answers: [{ keys: ['y'], does: 'yes', then }, { keys: ['n', 'esc', 'enter'], does: 'no', then: [] }] } };
}
