import { homeFolder } from '../config/home.js';
import { pendingUpgrade } from '../store/upgrade.js';
import { messageOf } from '../util/errors.js';
import { formatBytes } from '../util/format.js';
import type { Terminal } from './terminal.js';

/** Says on stderr why the first command of a new version may take a while. */
export function announceUpgrade(terminal: Terminal): void {
  try {
    const bytes = pendingUpgrade(homeFolder(terminal.env));
    if (bytes !== null) terminal.note(`workbench: the store (${formatBytes(bytes)}) is of an earlier version and is copied before it is brought to this one, which may take a minute; runs go on meanwhile, other commands wait`);
  } catch (error) {
    terminal.note(`workbench: the store could not be looked at: ${messageOf(error)}`);
  }
}
