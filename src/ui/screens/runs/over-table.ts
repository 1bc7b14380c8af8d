/** What stands in and over the table besides its columns: marks, menus, completions. */
import { completeQuery } from '../../../store/query.js';
import type { RunRecord } from '../../../store/rows.js';
import { line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { clean } from '../../format/text.js';
import type { Glyphs } from '../../theme.js';
import type { Field } from '../../widgets/field.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import { menuRows } from './menu.js';
import type { Menu, MenuRow } from './menu.js';
import { rangeOf } from './state.js';
import type { RunsState } from './state.js';

/** One column wide: marked, in the range that is being marked, or archived. */
export function markColumn(state: RunsState, rows: readonly RunRecord[], glyphs: Glyphs): Column<RunRecord> {
  const marked = new Set([...state.marked, ...rangeOf(state, rows)]);
  return { title: '', width: 1, cell: ({ id, archived }) => (marked.has(id) ? { text: glyphs.chosen, tone: 'accent', bold: true } : { text: archived ? glyphs.dot : ' ', tone: 'muted' }) };
}

export function menuLines(menu: Menu, state: RunsState, { width, height, glyphs }: { readonly width: number; readonly height: number; readonly glyphs: Glyphs }): Line[] {
  const rows = menuRows(menu, state);
  if (rows.length === 0) return [line([menu.kind === 'filters' ? 'No filter is saved. F saves the one that is set.' : 'No column is called so. Esc clears the filter.', 'muted'])];
  const columns: readonly Column<MenuRow>[] = [
    ...(menu.kind === 'columns' ? [{ title: '', width: 1, cell: ({ chosen }: MenuRow) => ({ text: chosen ? glyphs.chosen : ' ', tone: 'accent' as const }) }] : []),
    { title: menu.kind === 'columns' ? 'column' : 'saved filter', width: 34, cell: ({ name }) => ({ text: clean(name) }) },
    { title: menu.kind === 'columns' ? 'heading' : 'query', width: 10, grow: true, cell: ({ tells }) => ({ text: clean(tells), tone: 'muted' }) },
  ];
  return tableLines(rows, columns, { width, height, cursor: menu.list.cursor, focused: true, glyphs });
}

/** What Tab would make of the end of the filter. */
export function completionLines({ text, caret }: Field, runs: readonly RunRecord[], height: number): Line[] {
  const { words } = completeQuery(text.slice(0, caret), runs);
  const hint = words.length > 0 ? line(['Tab  ', 'accent'], [words.slice(0, 40).join('  '), 'muted']) : line([text === '' ? 'words, state:failed, lora.r>=16, eval_loss<2, tag:baseline, -note:debug' : '', 'muted']);
  return [hint].slice(0, height);
}
