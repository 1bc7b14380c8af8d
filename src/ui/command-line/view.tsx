import { memo } from 'react';
import { blank, line, reversed } from '../format/line.js';
import type { Line } from '../format/line.js';
import { clean, fit, widthOf } from '../format/text.js';
import { fieldLine } from '../widgets/field-line.js';
import { windowStart } from '../widgets/list.js';
import { Pane, frame } from '../widgets/pane.js';
import { useTheme } from '../widgets/theme-context.js';
import type { CommandState } from './state.js';

interface Props {
  readonly state: CommandState;
  readonly width: number;
  readonly height: number;
}

/** Rows for words that complete what is typed, and the least for what commands say. */
const wordRows = 5;
const leastOutput = 4;

/** Results above; below them the words that fit, what is typed means, and the line itself. */
export const CommandView = memo(function CommandView({ state, width, height }: Props) {
  const { glyphs } = useTheme();
  const { field, completion, output, scroll, running } = state;
  const inside = width - frame.columns;
  // Once there are results they have the room until somebody types.
  const offered = output.length > 0 && field.text === '' ? 0 : wordRows;
  const fixed = offered + 2;
  const rows = Math.max(1, Math.min(Math.max(leastOutput, output.length), height - frame.rows - fixed));
  const from = Math.max(0, output.length - rows - scroll);
  const shown = output.slice(from, from + rows);
  const above = from > 0 ? `  ${from} more above: PgUp` : '';
  const lines: Line[] = [
    ...shown,
    ...Array.from({ length: rows - shown.length }, () => blank),
    ...wordLines(state, inside, offered),
    line([running === null ? clean(completion?.hint ?? '') : `${clean(running)} ${glyphs.ellipsis}`, 'muted']),
    line([':', 'accent'], ...fieldLine(field, inside - 1)),
  ];
  return <Pane title={line('Commands', [above, 'muted'])} width={width} height={rows + fixed + frame.rows} focused lines={lines} />;
});

function wordLines({ completion, chosen }: CommandState, width: number, rows: number): Line[] {
  const words = completion?.words ?? [];
  const start = windowStart(chosen ?? 0, words.length, rows);
  const shown = words.slice(start, start + rows);
  const wide = Math.min(Math.floor(width / 2), Math.max(0, ...shown.map(({ text }) => widthOf(text))) + 2);
  return Array.from({ length: rows }, (_, i) => {
    const word = shown[i];
    if (word === undefined) return blank;
    const row = line([fit(clean(word.text), wide), 'accent'], [clean(word.note), 'muted']);
    return start + i === chosen ? reversed(row) : row;
  });
}
