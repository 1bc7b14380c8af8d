import { homeFolder } from '../config/home.js';
import { mendStore } from '../runner/mend.js';
import { DamagedStore } from '../store/store.js';
import type { Terminal } from './terminal.js';

/** Makes a store anew that was found damaged, and says so on stderr; any other error is thrown again. */
export async function mendDamage(error: unknown, terminal: Terminal): Promise<void> {
  if (!(error instanceof DamagedStore)) throw error;
  terminal.note(`workbench: ${await mendStore(homeFolder(terminal.env))}`);
}
