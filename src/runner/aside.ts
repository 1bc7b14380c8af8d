/** Work aside: a thread that answers calls, so that nobody who draws or types waits for it. */
import { parentPort, Worker } from 'node:worker_threads';
import { UserError, messageOf } from '../util/errors.js';
import type { AsideAnswer, AsideCall } from './protocol.js';

/** What a thread can do. Arguments and results are plain data: they are copied. */
export interface Handlers {
  readonly [name: string]: (argument: never) => unknown;
}

export interface Aside<H extends Handlers> {
  /** Rejects as the handler does; a UserError stays one. */
  call<N extends keyof H & string>(name: N, argument: Parameters<H[N]>[0]): Promise<Awaited<ReturnType<H[N]>>>;
  /** What has been asked and not answered is never answered. */
  close(): void;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread starts with the first call, and again after one that killed it. It keeps no process alive. */
export function openAside<H extends Handlers>(entry: URL, env: Readonly<Record<string, string | undefined>>): Aside<H> {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = null;
  let calls = 0;

  function started(): Worker {
    const worker = new Worker(entry, { env: { ...env }, stdout: true, stderr: true });
    worker.unref();
    worker.on('message', (answer: AsideAnswer) => {
      const waiter = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('error' in answer) waiter?.reject(answer.user ? new UserError(answer.error) : new Error(answer.error));
      else waiter?.resolve(answer.value as never);
    });
    worker.on('error', (error) => {
      thread = null;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    });
    return worker;
  }

  return {
    call(name, argument) {
      thread ??= started();
      const id = ++calls;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        thread?.postMessage({ id, name, argument } satisfies AsideCall);
      });
    },
    close() {
      waiting.clear();
      void thread?.terminate();
    },
  };
}

/** The other side: answers calls of these handlers, one after the other. */
export function serveAside(handlers: Handlers): void {
  let before: Promise<void> = Promise.resolve();
  parentPort?.on('message', ({ id, name, argument }: AsideCall) => {
    before = before.then(() => answerTo(handlers, { id, name, argument })).then((answer) => parentPort?.postMessage(answer));
  });
}

async function answerTo(handlers: Handlers, { id, name, argument }: AsideCall): Promise<AsideAnswer> {
  try {
    return { id, value: await handlers[name](argument as never) };
  } catch (error) {
    return { id, error: messageOf(error), user: error instanceof UserError };
  }
}
