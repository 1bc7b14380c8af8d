/** Entry of the supervisor: `supervisor-process.js <home>`. */
import { messageOf } from '../util/errors.js';
import type { SupervisorGreeting } from './protocol.js';
import { entries } from './spawn.js';
import { supervise } from './supervisor.js';

/** To whoever started it, once: that process goes on its own way then. */
function greet(greeting: SupervisorGreeting): void {
  if (process.connected) process.send?.(greeting, () => process.connected && process.disconnect());
}

try {
  await supervise({ home: process.argv[2], runEntry: entries.run, greet });
} catch (error) {
  process.stderr.write(`${new Date().toISOString()} supervisor ${process.pid}: ${error instanceof Error ? (error.stack ?? '') : messageOf(error)}\n`);
  greet({ type: 'failed', reason: messageOf(error) });
  process.exitCode = 1;
}
