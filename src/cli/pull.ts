import { resolve } from 'node:path';
import { connect, type RepoType } from '../hub/connection.js';
import { pull } from '../hub/pull.js';
import { formatBytes } from '../util/format.js';
import type { Terminal } from './terminal.js';

interface Options {
  readonly revision: string;
  readonly type: RepoType;
  readonly out?: string;
}

/** Prints the folder alone on stdout, for scripts. */
export async function pullFrom(terminal: Terminal, name: string, { revision, type, out }: Options): Promise<void> {
  const folder = await pull(connect(terminal.env), {
    repo: { type, name },
    revision,
    out: out === undefined ? null : resolve(out),
    onFile: ({ path, size }) => terminal.note(`${path}  ${formatBytes(size)}`),
  });
  terminal.print(folder);
}
