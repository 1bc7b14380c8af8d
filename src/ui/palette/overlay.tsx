/** Ctrl-P, the palette over any screen. */
import { line } from '../format/line.js';
import type { Line } from '../format/line.js';
import { clean } from '../format/text.js';
import type { OverlayDefinition } from '../screen.js';
import type { Tone } from '../theme.js';
import { fieldLine } from '../widgets/field-line.js';
import { Pane, frame } from '../widgets/pane.js';
import { tableLines } from '../widgets/table.js';
import type { Column } from '../widgets/table.js';
import { useTheme } from '../widgets/theme-context.js';
import { paletteItems } from './items.js';
import type { PaletteItem } from './items.js';
import { paletteKeys } from './keys.js';
import { initialPalette, reducePalette } from './state.js';
import type { PaletteAction, PaletteState } from './state.js';

export type PaletteIntent = { readonly ask: 'palette-open' };

export const palette: OverlayDefinition<'palette', PaletteState, PaletteAction, PaletteIntent> = {
  name: 'palette',
  title: 'Palette',
  initial: initialPalette,
  reduce: reducePalette,
  keys: paletteKeys,
  tables: () => paletteKeys,
  isOpen: ({ palette }) => palette.open,
  View: ({ state, width, height }) => <PaletteView state={state.palette} width={width} height={height} />,
  intents: {
    async 'palette-open'(_, { get, send, services }) {
      send({ type: 'help', scroll: null }, { type: 'command', action: { type: 'close' } }, { type: 'palette', action: { type: 'open', items: paletteItems(get(), []) } });
      const { entries } = await services.commands();
      send({ type: 'palette', action: { type: 'items', items: paletteItems(get(), entries) } });
    },
  },
};

function PaletteView({ state, width, height }: { readonly state: PaletteState; readonly width: number; readonly height: number }) {
  const { glyphs } = useTheme();
  const { field, found, cursor } = state;
  const inside = { width: width - frame.columns, height: height - frame.rows - 1 };
  const columns: readonly Column<PaletteItem>[] = [
    { title: '', width: 8, cell: ({ kind }) => ({ text: kind, tone: 'muted' }) },
    { title: '', width: Math.floor(inside.width * 0.4), cell: ({ name, kind }) => ({ text: clean(name), tone: kindTone[kind] }) },
    { title: '', width: 12, grow: true, cell: ({ note }) => ({ text: clean(note), tone: 'muted' }) },
  ];
  const rows: Line[] = found.length === 0 ? [line(['Nothing has that name.', 'muted'])] : tableLines(found, columns, { ...inside, cursor, focused: true, glyphs });
  const count = found.length === 0 ? '' : `  ${cursor + 1}/${found.length}`;
  return <Pane title={line('Palette', [count, 'muted'])} width={width} height={height} focused lines={[line(['> ', 'accent'], ...fieldLine(field, inside.width - 2)), ...rows]} />;
}

const kindTone: Readonly<Record<PaletteItem['kind'], Tone>> = { screen: 'accent', command: 'accent', run: 'plain', model: 'plain', dataset: 'plain', key: 'plain' };
