/**
 * Everything that crosses a process or a thread, one union a line. Messages only ask for something or say
 * "there is news"; the database is the truth.
 *
 *   screen, commands ── SupervisorRequest ──> supervisor ── spawns ──> run process ── Worker data ──> worker thread
 *                    <── SupervisorReply ───             ── Control ──>            <── WorkerMessage ──
 */
import type { Control, TrainEvent } from '../trainer/events.js';

/** To the supervisor, one JSON object a line over its local socket. The run's row exists already (`queued`). */
export type SupervisorRequest =
  | { readonly type: 'start'; readonly run: string }
  | { readonly type: 'control'; readonly run: string; readonly control: Control }
  | { readonly type: 'kill'; readonly run: string }
  | { readonly type: 'list' };

export type SupervisorReply =
  | { readonly type: 'ok' }
  | { readonly type: 'runs'; readonly live: readonly string[]; readonly waiting: readonly string[] }
  | { readonly type: 'refused'; readonly reason: string };

/** Given to the worker thread when it starts. */
export interface WorkerInput {
  readonly runId: string;
  readonly runFolder: string;
  readonly home: string;
  readonly experiment: unknown;
  /** One Int32: a bit a pending `Control`, read between micro-steps. */
  readonly controls: SharedArrayBuffer;
}

export type WorkerMessage = { readonly type: 'event'; readonly event: TrainEvent; readonly time: string } | { readonly type: 'log'; readonly line: string };
