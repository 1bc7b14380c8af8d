import type { Line } from '../format/line.js';
import { blank, line } from '../format/line.js';
import type { HelpSection } from '../keys.js';
import type { Glyphs } from '../theme.js';
import { keyName } from './footer.js';

/** Every key and what it does, a heading a table. */
export function helpLines(sections: readonly HelpSection[], glyphs: Glyphs): Line[] {
  return sections.flatMap(({ title, rows }, i): Line[] => [
    ...(i > 0 ? [blank] : []),
    [{ text: title, bold: true }],
    ...rows.map(([keys, does]) => line([shownKeys(keys, glyphs).padEnd(18), 'accent'], does)),
  ]);
}

function shownKeys(keys: readonly string[], glyphs: Glyphs): string {
  const digits = keys.filter((key) => /^\d$/.test(key)).length > 2;
  const shown = digits ? `0${glyphs.dash}9` : null;
  return shown === null ? keys.map((key) => keyName(key, glyphs)).join(' ') : [shown, ...keys.filter((key) => !/^\d$/.test(key))].join(' ');
}
