/** The comparison as the shell knows it. */
import type { ScreenDefinition, World } from '../../screen.js';
import { compareKeys, compareTables } from './keys.js';
import { readCurve } from './model.js';
import { comparedRuns, followCompared, initialCompare, reduceCompare } from './state.js';
import type { CompareAction, CompareState } from './state.js';
import { CompareView } from './view.js';

export type CompareIntent = { readonly ask: 'compare'; readonly runIds: readonly string[] };

export const compare: ScreenDefinition<'compare', CompareState, CompareAction, CompareIntent> = {
  name: 'compare',
  title: 'Compare',
  initial: initialCompare,
  reduce: reduceCompare,
  followRuns: (own, _, after) => followCompared(own, after),
  keys: compareKeys,
  tables: compareTables,
  View: ({ state, width, height }) => <CompareView state={state.compare} runs={state.runs} width={width} height={height} />,
  intents: {
    compare: ({ runIds }, { send }) => send({ type: 'compare', action: { type: 'runs', ids: runIds } }, { type: 'screen', screen: 'compare' }),
  },
  // Another metric is read when it is asked for.
  start: (world) => world.subscribe(() => readMissing(world)),
  refresh: readMissing,
};

/** Curves that have not been read, are of another metric, or have gone on since. */
function readMissing({ get, send, services }: World): void {
  const { screen, connected, runs, compare: state } = get();
  if (screen !== 'compare' || !connected) return;
  const { metric, curves } = state;
  const missing = comparedRuns(state, runs).filter(({ id, step }) => curves[id]?.metric !== metric || curves[id].step !== step);
  if (missing.length === 0) return;
  const read = missing.map(({ id, step }) => [id, { metric, step, curve: readCurve(services.reader, id, metric) }] as const);
  send({ type: 'compare', action: { type: 'curves', curves: { ...curves, ...Object.fromEntries(read) } } });
}
