/** Runs whose process ended for want of memory: telling them, and what becomes of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '../store/folders.js';
import type { RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import type { TrainEvent } from '../trainer/events.js';
import { smallerMicroBatch } from '../trainer/policy.js';
import { formatBytes } from '../util/format.js';
import { startLine } from './spawn.js';

/** How a process ended, as its parent sees it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether the kernel has ended a process for want of memory just now. */
  readonly kernelKilled?: boolean;
}

/** A process with much memory takes seconds to go; one that was killed by hand in the same minute is taken for another of the kernel's. */
const recentMs = 60_000;
const lookMs = 5_000;

/** Counts what the kernel's out-of-memory killer has done (proc(5), vmstat), on the whole machine and in every container. */
export class KernelKills {
  readonly #file: string;
  readonly #timer: NodeJS.Timeout;
  #looks: { readonly at: number; readonly count: number }[] = [];

  /** `file` is for tests. Does not keep the process alive. */
  constructor(file = '/proc/vmstat') {
    this.#file = file;
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Whether there was one within the last minute; never where the system does not say. */
  recent(): boolean {
    this.#look();
    return this.#looks[this.#looks.length - 1].count > this.#looks[0].count;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#looks = [...this.#looks.filter(({ at }) => now - at < recentMs), { at: now, count: this.#count() }];
  }

  #count(): number {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(this.#file, 'latin1'))?.[1] ?? 0);
    } catch {
      return 0; // not Linux
    }
  }
}

/** What V8, the C++ library, ONNX Runtime and the system say when they cannot have more. */
const saysSo = /fatal process (oom|out of memory)|allocation failed|failed to allocate|bad_alloc|out of memory|cannot allocate memory|system_error\W+what\(\):\s+resource temporarily unavailable/i;

/** How a process ran out of memory, in words; null when nothing says that it did. */
export function outOfMemory(home: string, runId: string, { signal, code, kernelKilled }: Exit): string | null {
  if (signal === 'SIGKILL') return kernelKilled === true ? 'the system ended its process because memory ran out' : null;
  return lastWords(home, runId).match(saysSo) === null ? null : `its process ended (${signal ?? `exit code ${code}`}) because memory ran out`;
}

/** What was measured and what was expected, as a part of a sentence; empty before there is either. */
export function memoryFigures({ peak_memory_bytes: measured, estimated_memory_bytes: estimated }: RunRecord): string {
  const figures = [...(measured === null ? [] : [`${formatBytes(measured)} were measured`]), ...(estimated === null ? [] : [`${formatBytes(estimated)} estimated`])];
  return figures.length === 0 ? '' : `, ${figures.join(' and ')}`;
}

/**
 * Queues a run that has just ended for want of memory again, with smaller micro-batches of the same updates, where its
 * policy is so, it came as far as training since it was started (`since`), and they can be smaller. Returns what was recorded; nothing when it stays as it is.
 */
export function retrySmaller(store: Store, { runId, since, how }: { runId: string; since: string | null; how: string }): TrainEvent[] {
  const run = store.run(runId);
  const { train } = run.config;
  const begun = store.history(runId).some(({ type, time }) => type === 'started' && time >= (since ?? ''));
  const smaller = begun && train.auto_find_batch_size ? smallerMicroBatch(train) : null;
  if (smaller === null || !store.requeue(runId, { ...run.config, train: { ...train, ...smaller } })) return [];
  const { step, epoch } = run;
  const message = `Memory ran out after update ${step}: ${how}${memoryFigures(run)}. It goes on from step ${run.checkpoints.at(-1)?.step ?? 0} with ${smaller.per_device_train_batch_size} rows at a time, ${smaller.gradient_accumulation_steps} times an update. The updates stay the same.`;
  const events: TrainEvent[] = [{ type: 'changed', step, total_steps: run.total_steps ?? step, epoch: epoch ?? 0, changes: smaller }, { type: 'warning', message }];
  for (const event of events) store.record(runId, event, new Date().toISOString());
  return events;
}

/** What the log says since the process was started. */
function lastWords(home: string, runId: string): string {
  try {
    const log = readFileSync(join(runFolder(home, runId), 'run.log'), 'utf8');
    return log.slice(log.lastIndexOf(startLine) + 1);
  } catch {
    return '';
  }
}
