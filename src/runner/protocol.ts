/**
 * Everything that crosses a process or a thread, one union a line. Messages only ask for something or say
 * "there is news"; the database is the truth.
 *
 *   commands, screen ── SupervisorRequest ──> supervisor ── spawns ──> run process ── WorkerInput ──> worker thread
 *                    ── RunRequest ─────────────────────────────────> run process <── WorkerMessage ──
 *
 * A run process is asked by its own socket, so that it can be controlled whoever started it, and whether or not
 * that one still lives.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Control, LiveChange, Measurement, ReadProgress, TrainEvent } from '../trainer/events.js';

/** To the supervisor: look at the queue, which is in the store. */
export interface SupervisorRequest {
  readonly type: 'news';
}

/** To a run process. */
export type RunRequest = { readonly type: 'control'; readonly control: Control } | { readonly type: 'set'; readonly changes: LiveChange };

/** One JSON object a line over a local socket, a reply a request. */
export type Reply = { readonly type: 'ok' } | { readonly type: 'refused'; readonly reason: string };

/** From a supervisor to the process that started it: it listens, or another one holds the lock, or it cannot. */
export type SupervisorGreeting = { readonly type: 'ready' } | { readonly type: 'taken' } | { readonly type: 'failed'; readonly reason: string };

/** Given to the worker thread when it starts. */
export interface WorkerInput {
  readonly runFolder: string;
  readonly home: string;
  readonly experiment: unknown;
  /** What finished runs took, for the estimate. */
  readonly measurements: readonly Measurement[];
  /** One Int32: a bit a pending `Control`, read between micro-steps. */
  readonly controls: SharedArrayBuffer;
  /** Brings a `LiveChange` a message, taken between updates without waiting. */
  readonly changes: MessagePort;
}

export type WorkerMessage = TimedEvent | { readonly type: 'log'; readonly line: string };

/** To a thread that works aside, and its answer; `argument` and `value` belong to the handler `name`. */
export interface AsideCall {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
export type AsideAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string; readonly user: boolean };

/** To a process that works beside the screen, and its answers: any number of pieces, then one value or error. `stop` asks it to come to an end. */
export type BesideCall = { readonly type: 'call'; readonly id: number; readonly name: string; readonly argument: unknown } | { readonly type: 'stop'; readonly id: number };
export type BesideAnswer = { readonly id: number; readonly piece: unknown } | AsideAnswer;

/** To a probe process: what to run for a few updates, and what came of it. */
export interface ProbeRequest {
  readonly home: string;
  readonly folder: string;
  readonly experiment: unknown;
}
export type ProbeMessage = { readonly type: 'event'; readonly event: TrainEvent; readonly time: number };

/** To the process that tokenises the rows of a run, and what it says. */
export interface TokeniseRequest {
  readonly home: string;
  readonly runFolder: string;
  readonly experiment: unknown;
}
export type TokeniseMessage =
  | { readonly type: 'preparing'; readonly progress: ReadProgress }
  | { readonly type: 'tokenised'; readonly peak_memory_bytes: number }
  | { readonly type: 'failed'; readonly reason: string; readonly user: boolean };

/** To the process of a command, and what it says: text with tones (`ui/command-line/toned.ts`), then its exit code. */
export interface CommandRequest {
  readonly words: readonly string[];
  readonly width: number;
}
export type CommandMessage = { readonly type: 'said'; readonly text: string } | { readonly type: 'ended'; readonly code: number };

/** An event on its way to the store; a run process in the foreground also sends it to its parent. */
export interface TimedEvent {
  readonly type: 'event';
  readonly event: TrainEvent;
  readonly time: string;
}
