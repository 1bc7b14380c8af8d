import type { Services } from '../ui/services.js';
import { UserError } from '../util/errors.js';
import type { Terminal } from './terminal.js';

/** Opens the screen; what it shows loads while its first frame is drawn. Throws a UserError where there is no terminal. */
export async function openScreen({ env }: Terminal): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new UserError('the screen needs a terminal; without one use a command: workbench --help');
  // React's development build takes longer to load and to draw.
  env['NODE_ENV'] ??= 'production';
  const { runApp } = await import('../ui/app.js');
  const services: Promise<Services> = import('./services.js').then(({ openServices }) => openServices(env));
  await runApp(services, { env });
  await services.then(({ reader }) => reader.close());
}
