import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import { connect, type RepoType } from '../hub/connection.js';
import { filesToPush, push } from '../hub/push.js';
import { withScratch } from '../runner/scratch-folder.js';
import { openReader } from '../store/reader.js';
import { called } from '../ui/format/run.js';
import { confirmed } from './confirm.js';
import { exportTo } from './export.js';
import { onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';

interface Options {
  readonly private?: true;
  readonly type: RepoType;
  readonly message: string;
  readonly yes?: true;
}

/** A folder goes before a run of the same name. Of a run: the adapter, or the whole model, with a model card. */
export async function pushTo(terminal: Terminal, subject: string, name: string, options: Options): Promise<void> {
  const connection = connect(terminal.env);
  const send = async (folder: string, what: string): Promise<void> => {
    const files = await filesToPush(folder);
    terminal.note(`${files.length} files of ${what} to the ${options.type} ${name} at ${connection.endpoint}${options.private ? ', private if it is new' : ', which everybody can read if it is new'}: ${files.slice(0, 8).join(', ')}${files.length > 8 ? ', …' : ''}`);
    if (!options.yes && !(await confirmed('Push?', 'whether this may be pushed'))) return terminal.print('nothing was pushed');
    terminal.print(`pushed to ${await push(connection, { repo: { type: options.type, name }, folder, isPrivate: options.private ?? false, message: options.message })}`);
  };
  if (statSync(subject, { throwIfNoEntry: false })?.isDirectory()) return send(resolve(subject), resolve(subject));
  const home = homeFolder(terminal.env);
  const reader = openReader(home);
  try {
    const run = onlyRun(reader, subject);
    await withScratch(home, async (scratch) => {
      const out = join(scratch, 'export');
      await exportTo(run, { format: run.config.finetuning === 'lora' ? 'peft' : 'merged', out });
      await send(out, called(run));
    });
  } finally {
    reader.close();
  }
}
