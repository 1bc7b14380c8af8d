/** A request and its reply, a line of JSON each, over a Unix socket that only this user can open. */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf } from '../util/errors.js';
import type { Reply } from './protocol.js';

/** A connection that says nothing must not keep a server from closing, nor a stopped process whoever asks it. */
const silenceMs = 5000;

/**
 * Listens at `path`, of which the caller is the rightful owner (a socket left there by a dead process goes).
 * An `answer` that throws becomes a refusal. The socket goes when the server is closed.
 */
export async function serve(path: string, answer: (request: unknown) => void): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(silenceMs, () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => socket.write(`${JSON.stringify(reply(line, answer))}\n`));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

/** Sends one request; rejects when nobody listens, or the other side goes, is silent or talks nonsense instead of an answer. */
export async function ask(path: string, request: object, patienceMs = silenceMs): Promise<Reply> {
  const socket = createConnection(path);
  try {
    return await new Promise<Reply>((resolve, reject) => {
      socket.on('error', reject).on('close', () => reject(new Error('the connection was closed before an answer came')));
      socket.setTimeout(patienceMs, () => reject(new Error(`no answer came within ${patienceMs} ms`)));
      createInterface({ input: socket }).on('error', reject).on('line', (line) => {
        try {
          resolve(JSON.parse(line) as Reply);
        } catch (error) {
          reject(error);
        }
      });
      socket.write(`${JSON.stringify(request)}\n`);
    });
  } finally {
    socket.destroy();
  }
}

function reply(line: string, answer: (request: unknown) => void): Reply {
  try {
    answer(JSON.parse(line));
    return { type: 'ok' };
  } catch (error) {
    return { type: 'refused', reason: messageOf(error) };
  }
}
