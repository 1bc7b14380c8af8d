/** Text with tones in it, as commands paint it for a pane that draws by meaning and not by escape codes. */
import { line } from '../format/line.js';
import type { Line } from '../format/line.js';
import { clean } from '../format/text.js';
import type { Tone } from '../theme.js';

/** From the private use area of Unicode: begins a tone, ends its name, ends the text. */
const [begin, named, end] = ['\ue0f0', '\ue0f1', '\ue0f2'];
const pieces = new RegExp(`${begin}(\\w+)${named}([^${end}]*)${end}|([^${begin}]+)`, 'g');

export function toned(text: string, tone: Tone): string {
  return text.split('\n').map((part) => (part === '' ? '' : `${begin}${tone}${named}${part}${end}`)).join('\n');
}

/** A line break ends a line; tabs and control characters of the text do not reach the terminal. */
export function tonedLines(text: string): Line[] {
  return text.split('\n').map((row) => line(...[...row.matchAll(pieces)].map(([, tone, painted, plain]) => (plain === undefined ? { text: clean(painted), tone: tone as Tone } : { text: clean(plain) }))));
}
