/** Every screen, in the order of the header and of the keys 1 to 9. To add one: a folder here, and its definition in this list. */
import { compare } from './compare/screen.js';
import { history } from './runs/screen.js';
import { doctor } from './doctor/screen.js';
import { live } from './live/screen.js';
import { newRun } from './new-run/screen.js';
import { playground } from './playground/screen.js';
import { queue } from './queue/screen.js';

export const screens = [newRun, live, history, compare, queue, playground, doctor] as const;
