import { existsSync } from 'node:fs';
import type * as Screen from '../../ui/app.js';
import { UserError } from '../../util/errors.js';
import type { Terminal } from '../terminal.js';

/** The screen in one file where the build has made it, which loads in a fraction of the time; see rolldown.config.js. */
async function loadScreen(): Promise<typeof Screen> {
  const bundle = new URL('../../ui/app.bundle.js', import.meta.url);
  return existsSync(bundle) ? ((await import(bundle.href)) as typeof Screen) : import('../../ui/app.js');
}

/** Opens the screen; what it shows loads while its first frame is drawn. Throws a UserError where there is no terminal. */
export async function openScreen({ env }: Terminal): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new UserError('the screen needs a terminal; without one use a command: workbench --help');
  // React's development build takes longer to load and to draw.
  const { NODE_ENV: before } = env;
  env['NODE_ENV'] ??= 'production';
  const { runApp } = await loadScreen();
  // Runs and their commands are of the user's own environment.
  if (before === undefined) delete env['NODE_ENV'];
  const services = import('./services.js').then(({ openServices }) => openServices(env));
  try {
    await runApp(services, { env });
  } finally {
    // What it has open would keep the process of a screen that has failed; what it failed by is told by then.
    await services.then((opened) => opened.close(), () => undefined);
  }
}
