import { homeFolder } from '../config/home.js';
import { control as ask, kill } from '../runner/client.js';
import { openReader } from '../store/reader.js';
import type { RunRecord } from '../store/rows.js';
import type { ControlCommand } from './program.js';
import { onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';

const asked = {
  pause: (id: string) => `will hold after this update; go on with: workbench continue ${id}`,
  continue: () => 'goes on',
  save: () => 'will write a checkpoint after this update',
  stop: () => 'will stop after this update, and save',
} as const;

/** Asks a live run for something. Throws a UserError where there is no such run, or it is at rest. */
export async function control(terminal: Terminal, reference: string, command: ControlCommand): Promise<void> {
  const home = homeFolder(terminal.env);
  const { id, name } = found(home, reference);
  if (command === 'kill') {
    const run = await kill(home, id);
    terminal.print(`${name} (${id}) is ${run.state}: ${run.reason ?? ''}`);
    return;
  }
  await ask(home, id, command);
  terminal.print(`${name} (${id}) ${asked[command](id)}`);
}

function found(home: string, reference: string): RunRecord {
  const reader = openReader(home);
  try {
    return onlyRun(reader, reference);
  } finally {
    reader.close();
  }
}
