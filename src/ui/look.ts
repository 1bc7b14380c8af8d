/** Reads from the store what is shown of one run. */
import { setLossPrefix } from '../store/rows.js';
import type { StoreReader } from '../store/rows.js';
import { readOn } from './curve.js';
import type { Curve } from './curve.js';
import { addNews } from './run-data.js';
import type { RunData } from './run-data.js';

/** The curves that are shown, in the order they are read; then those of the sets of a mixture. */
const shownKeys = ['loss', 'eval_loss', 'grad_norm', 'learning_rate', 'tokens_per_second', 'memory_bytes', 'tokens_seen', 'rougeL'] as const;

/** Points read at a time, and milliseconds after which a look ends: no key is heard in it. What is more comes with the next looks. */
const [piece, patience] = [4_000, 10];

/** What is known, and what has come since. */
export function look(reader: StoreReader, runId: string, known: RunData | null): RunData {
  const before = known?.record.id === runId ? known : null;
  const record = reader.run(runId);
  const { rows, cursor } = reader.historySince(runId, before?.cursor ?? 0);
  const { curves, complete } = readCurves(reader, runId, before?.curves ?? {});
  return addNews(before, { record, curves, complete, happened: rows, cursor, ahead: record.state === 'queued' ? ahead(reader, runId) : null });
}

function readCurves(reader: StoreReader, runId: string, known: Readonly<Record<string, Curve>>): Pick<RunData, 'curves' | 'complete'> {
  const curves: Record<string, Curve> = { ...known };
  const began = performance.now();
  for (const key of [...shownKeys, ...reader.curveKeys(runId, setLossPrefix)]) {
    for (let complete = false; !complete; ) {
      if (performance.now() - began > patience) return { curves, complete };
      ({ curve: curves[key], complete } = readOn(curves[key] ?? null, { reader, runId, key }, piece));
    }
  }
  return { curves, complete: true };
}

/** Where what is looked at of a run is kept, and shown. */
export interface Shown {
  runId(): string | null;
  data(): RunData | null;
  show(data: RunData): void;
}

/** How often what has been read of a long run is shown while there is more, in milliseconds. */
const showEvery = 150;

/** Shows what has come since; older points of a long run look by look, with time for keys between them, until another run is shown or another reading has begun. */
export function readShown(reader: StoreReader, shown: Shown): void {
  const runId = shown.runId();
  if (runId === null) return;
  let next = look(reader, runId, shown.data());
  let seen = next;
  let at = performance.now();
  shown.show(next);
  function goOn(): void {
    if (runId === null || shown.runId() !== runId || shown.data() !== seen) return;
    try {
      next = look(reader, runId, next);
    } catch {
      return; // the screen may have been left; else the next refresh finds the same, and says it
    }
    if (next.complete || performance.now() - at > showEvery) {
      shown.show(next);
      seen = next;
      at = performance.now();
    }
    if (!next.complete) setTimeout(goOn, 0);
  }
  if (!next.complete) setTimeout(goOn, 0);
}

/** Names of the runs that have the places, then of those before it in the queue; null where it waits for no turn. */
function ahead(reader: StoreReader, runId: string): readonly string[] | null {
  const queue = reader.queue();
  const place = queue.indexOf(runId);
  if (place < 0) return null;
  const running = reader.live().map(({ id }) => id);
  const before = running.length >= reader.parallel() ? [...running, ...queue.slice(0, place)] : queue.slice(0, place);
  return before.map((id) => reader.run(id).name);
}
