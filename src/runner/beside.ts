/** Work beside the screen in a process of its own: native code that may crash, a model's memory, answers that come in pieces. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { UserError, messageOf } from '../util/errors.js';
import type { BesideAnswer, BesideCall } from './protocol.js';

/** What such a process can do: the argument, and a hand for pieces and for being stopped. All of it plain data. */
export interface BesideHandlers {
  readonly [name: string]: (argument: never, hand: Hand) => Promise<unknown>;
}

export interface Hand {
  say(piece: unknown): void;
  /** True once nobody waits any more. */
  stopped(): boolean;
}

export interface CallOptions<Piece> {
  /** Asks it to stop; what does not within some seconds is ended with its process. */
  readonly signal?: AbortSignal;
  onPiece?(piece: Piece): void;
}

export interface Beside<H extends BesideHandlers> {
  /** Calls are answered one after the other. Rejects as the handler does (a UserError stays one), and with a UserError when the process ends. */
  call<N extends keyof H & string, Piece = never>(name: N, argument: Parameters<H[N]>[0], options?: CallOptions<Piece>): Promise<Awaited<ReturnType<H[N]>>>;
  close(): void;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onPiece?: (piece: never) => void;
  /** Runs out while it is asked to stop. */
  patience?: NodeJS.Timeout;
  stopping: boolean;
}

/** How long it may take to stop when it is asked to: the length of a token, or of reading a model. */
const patienceMs = 3000;

/** The process starts with the first call, and again after one that ended it. It ends with whoever started it. */
export function openBeside<H extends BesideHandlers>(entry: URL, env: Readonly<Record<string, string | undefined>>): Beside<H> {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | null = null;
  let calls = 0;

  function started(): ChildProcess {
    const process = fork(entry, { env: { ...env }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' });
    process.on('message', (answer: BesideAnswer) => {
      const waiter = waiting.get(answer.id);
      if ('piece' in answer) return waiter?.onPiece?.(answer.piece as never);
      waiting.delete(answer.id);
      clearTimeout(waiter?.patience);
      endLate();
      if ('error' in answer) waiter?.reject(answer.user ? new UserError(answer.error) : new Error(answer.error));
      else waiter?.resolve(answer.value as never);
    });
    process.on('error', (error) => ended(process, messageOf(error)));
    process.on('exit', (code, signal) => ended(process, signal === 'SIGKILL' ? 'it was killed: by hand, or for want of memory' : `it ended with ${signal ?? code}`));
    process.unref();
    process.channel?.unref();
    return process;
  }

  function ended(process: ChildProcess, why: string): void {
    if (child !== process) return;
    child = null;
    for (const { reject } of waiting.values()) reject(new UserError(`The process that does this is gone: ${why}. Another try starts a new one.`));
    waiting.clear();
  }

  function stop(id: number): void {
    const waiter = waiting.get(id);
    if (child === null || waiter === undefined) return;
    child.send({ type: 'stop', id } satisfies BesideCall);
    waiter.stopping = true;
    endLate();
  }

  /** They are answered in their order: what waits behind another has not begun, and stops as soon as it does. */
  function endLate(): void {
    const [first] = waiting;
    if (first === undefined || !first[1].stopping) return;
    const [id, waiter] = first;
    const asked = child;
    waiter.patience ??= setTimeout(() => {
      if (asked === null || child !== asked || !waiting.has(id)) return;
      child = null;
      asked.kill('SIGKILL');
      for (const { reject } of waiting.values()) reject(new UserError('It was interrupted.'));
      waiting.clear();
    }, patienceMs).unref();
  }

  return {
    call(name, argument, { signal, onPiece } = {}) {
      if (signal?.aborted) return Promise.reject(new UserError('It was interrupted.'));
      child ??= started();
      const id = ++calls;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, stopping: false, ...(onPiece ? { onPiece } : {}) });
        child?.send({ type: 'call', id, name, argument } satisfies BesideCall);
        signal?.addEventListener('abort', () => stop(id), { once: true });
      });
    },
    close() {
      waiting.clear();
      const last = child;
      child = null;
      last?.kill('SIGTERM');
    },
  };
}

/** The other side: answers calls of these handlers, one after the other, until whoever started it is gone. */
export function serveBeside(handlers: BesideHandlers): void {
  const stopped = new Set<number>();
  let before: Promise<void> = Promise.resolve();
  const answer = (message: BesideAnswer): void => void process.send?.(message);
  // As if it were ended: what has to be tidied up then is tidied up now.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.on('message', (call: BesideCall) => {
    if (call.type === 'stop') return void stopped.add(call.id);
    const { id, name, argument } = call;
    const hand: Hand = { say: (piece) => answer({ id, piece }), stopped: () => stopped.has(id) };
    before = before.then(async () => {
      try {
        if (stopped.has(id)) throw new UserError('It was interrupted.');
        answer({ id, value: await handlers[name](argument as never, hand) });
      } catch (error) {
        answer({ id, error: messageOf(error), user: error instanceof UserError });
      }
      stopped.delete(id);
    });
  });
}
