import { blank, line } from '../../format/line.js';
import { clean, cutLeft, wrap } from '../../format/text.js';
import { fieldLine } from '../../widgets/field-line.js';
import { Pane, frame } from '../../widgets/pane.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import type { Glyphs } from '../../theme.js';
import { useTheme } from '../../widgets/theme-context.js';
import type { PickerState, Start } from './picker.js';
import type { SavingState } from './saving.js';

interface PickerPaneProps {
  readonly picker: PickerState;
  readonly starts: readonly Start[];
  readonly width: number;
  readonly height: number;
}

const nameWidth = 28;

const columnsOf = (glyphs: Glyphs): readonly Column<Start>[] => [
  { title: '', width: 6, cell: ({ kind }) => ({ text: kind, tone: 'muted' }) },
  { title: '', width: nameWidth, cell: ({ kind, name }) => ({ text: kind === 'file' ? cutLeft(clean(name), nameWidth, glyphs.ellipsis) : clean(name) }) },
  { title: '', width: 20, grow: true, cell: ({ about }) => ({ text: clean(about), tone: 'muted' }) },
];

/** What a draft may start from, filtered while it is typed. */
export function PickerPane({ picker: { what, list }, starts, width, height }: PickerPaneProps) {
  const { glyphs } = useTheme();
  const inside = width - frame.columns;
  const chosen = starts[list.cursor];
  const note = chosen ? [blank, ...wrap(clean(chosen.about), inside).slice(0, 2).map((text) => line([text, 'accent']))] : [];
  const shown = tableLines(starts, columnsOf(glyphs), { width: inside, height: Math.max(1, height - frame.rows - 2 - 3), cursor: list.cursor, focused: true, glyphs });
  const none = what === 'presets' || list.filter !== '' ? 'Nothing passes the filter.' : 'There is no run and no experiment file yet.';
  const title = line(what === 'presets' ? 'Presets' : 'Start from', [starts.length > 0 ? `  ${list.cursor + 1}/${starts.length}` : '', 'muted']);
  const field = line(['find ', 'accent'], ...(list.typing ? fieldLine(list.typing, inside - 5) : []));
  return <Pane title={title} width={width} height={height} focused lines={[field, blank, ...(starts.length === 0 ? [line([none, 'muted'])] : shown), ...note]} />;
}

export function SavingPane({ saving: { field, error }, width, height }: { readonly saving: SavingState; readonly width: number; readonly height: number }) {
  const inside = width - frame.columns;
  const below = error ?? 'Only what differs from the defaults is written; workbench train takes the file.';
  return <Pane title={line('Write an experiment file')} width={width} height={height} focused lines={[line(['path ', 'accent'], ...fieldLine(field, inside - 5)), line([clean(below), error === null ? 'muted' : 'bad'])]} />;
}
