/** Entry of the upkeep: `upkeep-process.js <home>`. It yields to everything else on the machine. */
import { constants, setPriority } from 'node:os';
import { messageOf } from '../util/errors.js';
import { keepUp } from './upkeep.js';

const say = (line: string): void => void process.stdout.write(`${new Date().toISOString()} upkeep ${process.pid}: ${line}\n`);

process.on('SIGHUP', () => undefined);
setPriority(constants.priority.PRIORITY_LOW);
try {
  say(await keepUp(process.argv[2]));
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
