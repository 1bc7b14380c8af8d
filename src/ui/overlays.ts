/** What can be opened over any screen. */
import { commandLine } from './command-line/overlay.js';
import { palette } from './palette/overlay.js';

export const overlays = [commandLine, palette] as const;
