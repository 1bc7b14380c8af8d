import type { Line } from '../format/line.js';
import { lineWidth } from '../format/line.js';
import type { Glyphs } from '../theme.js';
import type { Key } from '../keys.js';

/** As many pairs of key and word as fit; help and quit come last and always fit. */
export function footerLine(entries: readonly (readonly [keys: readonly Key[], word: string])[], { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line {
  const pairs = entries.map(([keys, word]): Line => [{ text: keys.map((key) => keyName(key, glyphs)).join(''), tone: 'accent', bold: true }, { text: ` ${word}` }]);
  const last = pairs.slice(-2);
  let room = width - 1 - last.reduce((sum, entry) => sum + lineWidth(entry) + 2, 0);
  const shown: Line[] = [];
  for (const entry of pairs.slice(0, -2)) {
    room -= lineWidth(entry) + 2;
    if (room < 0) break;
    shown.push(entry);
  }
  return [{ text: ' ' }, ...[...shown, ...last].flatMap((entry, i) => (i === 0 ? entry : [{ text: '  ' }, ...entry]))];
}

/** A key as it is printed: ↑, Enter, Ctrl-D. */
export function keyName(key: Key, glyphs: Glyphs): string {
  const arrows: Readonly<Record<string, string>> = { up: glyphs.up, down: glyphs.down, left: glyphs.left, right: glyphs.right };
  const names: Readonly<Record<string, string>> = { enter: 'Enter', esc: 'Esc', tab: 'Tab', 'shift+tab': 'Shift-Tab', space: 'Space', backspace: 'Backspace', pageup: 'PgUp', pagedown: 'PgDn', home: 'Home', end: 'End' };
  return arrows[key] ?? names[key] ?? (key.startsWith('ctrl+') ? `Ctrl-${key.slice(5).toUpperCase()}` : key);
}
