/** The comparison as the shell knows it. */
import type { RunRecord, StoreReader } from '../../../store/rows.js';
import type { ScreenDefinition, World } from '../../screen.js';
import { inSlices } from '../../slices.js';
import { messageOf } from '../../../util/errors.js';
import { compareKeys, compareTables } from './keys.js';
import { readingCurve } from './model.js';
import type { Metric } from './model.js';
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
  refresh(world) {
    if (readings.get(world)?.failed) readings.delete(world);
    readMissing(world);
  },
};

/** Curves that have not been read, are of another metric, or have gone on since. */
function readMissing(world: World): void {
  const { get } = world;
  const { screen, connected, runs, compare: state } = get();
  if (screen !== 'compare' || !connected) return;
  const { metric, curves } = state;
  const missing = comparedRuns(state, runs).filter(({ id, step }) => curves[id]?.metric !== metric || curves[id].step !== step);
  // A run that goes on meanwhile is read again afterwards.
  const wanted = [metric, ...missing.map(({ id }) => id)].join();
  if (missing.length === 0 || readings.get(world)?.wanted === wanted) return;
  const reading = { wanted, failed: false };
  readings.set(world, reading);
  void readInSlices(missing, metric, world, reading);
}

interface Reading {
  readonly wanted: string;
  failed: boolean;
}

/** What is being read, by session; what could not be stays, so that it is not tried again before somebody has written. */
const readings = new WeakMap<World, Reading>();

/** Until others are wanted. What cannot be read is said. */
async function readInSlices(runs: readonly RunRecord[], metric: Metric, world: World, reading: Reading): Promise<void> {
  const { get, send, services } = world;
  try {
    const read = await inSlices(readingAll(services.reader, runs, metric), () => readings.get(world) === reading && get().screen === 'compare');
    if (read !== null) send({ type: 'compare', action: { type: 'curves', curves: { ...get().compare.curves, ...read.found } } });
  } catch (error) {
    reading.failed = true;
    return send({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
  }
  if (readings.get(world) === reading) readings.delete(world);
}

function* readingAll(reader: StoreReader, runs: readonly RunRecord[], metric: Metric): Generator<void, CompareState['curves'], void> {
  const read: [string, CompareState['curves'][string]][] = [];
  for (const { id, step } of runs) {
    read.push([id, { metric, step, curve: yield* readingCurve(reader, id, metric) }]);
    yield;
  }
  return Object.fromEntries(read);
}
