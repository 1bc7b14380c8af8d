import { homeFolder } from '../config/home.js';
import { reconcile } from '../runner/client.js';
import { openStore, type Store } from '../store/store.js';
import type { Terminal } from './terminal.js';

/** Opens the store of the user's home for a command, its records of runs brought into line before, and closes it behind. */
export async function withStore(terminal: Pick<Terminal, 'env'>, act: (store: Store, home: string) => void | Promise<void>): Promise<void> {
  const home = homeFolder(terminal.env);
  reconcile(home);
  const store = openStore(home);
  try {
    await act(store, home);
  } finally {
    store.close();
  }
}
