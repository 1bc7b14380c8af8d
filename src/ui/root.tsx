import { Box, useInput } from 'ink';
import type { DOMElement } from 'ink';
import { useLayoutEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { blank, fitLine, line, lineWidth, spread } from './format/line.js';
import type { Line } from './format/line.js';
import { clean, widthOf, wrap } from './format/text.js';
import { frameOf } from './frame.js';
import type { Frame as Drawn } from './frame.js';
import { activeTables, helpTables, openOverlay } from './key-tables.js';
import { footerKeys, helpSections, keysOf } from './keys.js';
import type { Key } from './keys.js';
import type { ViewProps } from './screen.js';
import { screens } from './screens/all.js';
import { countsOf, isTooSmall, unendedRuns, smallest } from './state.js';
import type { Action, AppState } from './state.js';
import type { Store } from './store.js';
import type { Theme, ThemeName } from './theme.js';
import { footerLine } from './widgets/footer.js';
import { helpLines } from './widgets/help.js';
import { Lines } from './widgets/lines.js';
import { Pane, frame } from './widgets/pane.js';
import { ThemeContext, useTheme } from './widgets/theme-context.js';

export interface RootProps {
  readonly store: Store<AppState, Action>;
  /** Of the name chosen; null: as it began. */
  readonly themeOf: (name: ThemeName | null) => Theme;
  readonly onKey: (key: Key) => void;
  /** After every change; `frame` composes what is shown then, so that whoever writes less often composes less often. */
  readonly onDrawn: (frame: () => Drawn) => void;
}

/** The whole screen, exactly as large as the terminal. Ink draws nothing of it: out of the flow, it leaves Ink's own output empty. */
export function Root({ store, themeOf, onKey, onDrawn }: RootProps) {
  const state = useSyncExternalStore(store.subscribe, store.get);
  const theme = useMemo(() => themeOf(state.theme), [themeOf, state.theme]);
  useInput((input, key) => keysOf(input, key).forEach(onKey));
  const { columns, rows } = state.size;
  const box = useRef<DOMElement>(null);
  useLayoutEffect(() => onDrawn(() => (box.current ? frameOf(box.current) : [])));
  return (
    <ThemeContext.Provider value={theme}>
      <Box ref={box} position="absolute" width={columns} height={rows}>
        {isTooSmall(state.size) ? <TooSmall {...state.size} /> : <Frame state={state} width={columns} height={rows} />}
      </Box>
    </ThemeContext.Provider>
  );
}

function TooSmall({ columns, rows }: { readonly columns: number; readonly rows: number }) {
  const text = `Window too small (${columns}x${rows}): ${smallest.columns}x${smallest.rows} is needed. q quits.`;
  return <Lines width={columns} lines={wrap(text, columns).slice(0, rows).map((part) => line(part))} />;
}

function Frame({ state, width, height }: ViewProps) {
  const { glyphs } = useTheme();
  const below = dialogLines(state, width) ?? noticeLines(state, width);
  const body = height - 2 - below.length;
  const Overlay = state.help === null ? openOverlay(state)?.View : undefined;
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Lines width={width} lines={[headerLine(state, width)]} />
      {state.help === null ? <Body state={state} width={width} height={body} /> : <Help state={state} width={width} height={body} />}
      {Overlay && (
        <Box position="absolute" width={width} height={body} marginTop={1} flexDirection="column" justifyContent="flex-end">
          <Overlay state={state} width={width} height={body} />
        </Box>
      )}
      {below.length > 0 && <Lines width={width} lines={below} />}
      <Lines width={width} lines={[footerLine(footerKeys(activeTables(state), state), { width, glyphs })]} />
    </Box>
  );
}

function Body({ state, width, height }: ViewProps) {
  const { View } = screens.find(({ name }) => name === state.screen) ?? screens[0];
  return <View state={state} width={width} height={height} />;
}

function Help({ state, width, height }: ViewProps) {
  const { glyphs } = useTheme();
  const lines = helpLines(helpSections(helpTables(state), state), glyphs);
  const from = Math.max(0, Math.min(state.help ?? 0, lines.length - (height - frame.rows)));
  const more = from + height - frame.rows < lines.length ? `  more below: ${glyphs.down}` : '';
  return <Pane title={line('Keys', [more, 'muted'])} width={width} height={height} focused lines={lines.slice(from)} />;
}

function headerLine(state: AppState, width: number): Line {
  const going = unendedRuns(state);
  const right = going.length === 0 ? '' : going.length === 1 ? `${going[0].state}: ${clean(going[0].name)} ` : `${countsOf(going, ['is live', 'runs live'])} `;
  const leaves = (names: Line, columns: number): boolean => lineWidth(names) + Math.min(widthOf(right), columns) <= width;
  const ways = [{ gap: '  ', brand: true }, { gap: '', brand: true }, { gap: '', brand: true, short: true }].map((way) => screenNames(state, way));
  const plain = screenNames(state, { gap: '', brand: false, short: true });
  // The name of a run is shortened before those of the screens are left out.
  const fitting = ways.find((names) => leaves(names, 22)) ?? (leaves(plain, 14) ? plain : screenNames(state, { gap: '', brand: false, bare: true }));
  return spread(fitting, fitLine([{ text: right, tone: 'accent' }], Math.max(0, Math.min(widthOf(right), width - lineWidth(fitting)))), width);
}

interface NamesLook {
  readonly gap: string;
  readonly brand: boolean;
  readonly short?: boolean;
  /** Of the screens that are not shown, the numbers alone. */
  readonly bare?: boolean;
}

/** The screens with their numbers. */
function screenNames(state: AppState, { gap, brand, short = false, bare = false }: NamesLook): Line {
  const named = screens.flatMap(({ name, title, shortTitle }, i): Line => {
    const chosen = name === state.screen;
    const label = bare && !chosen ? '' : ` ${short ? (shortTitle ?? title) : title}`;
    return [{ text: gap }, { text: ` ${i + 1}${label} `, ...(chosen ? { inverse: true, tone: 'accent' } : { tone: 'muted' }) }];
  });
  return [...(brand ? [{ text: ' Workbench', bold: true }, { text: gap === '' ? ' ' : '' }] : []), ...named, { text: gap }];
}

/** At most three lines. */
function noticeLines({ notice }: AppState, width: number): Line[] {
  return notice === null ? [] : wrap(notice.text, width - 2).slice(0, 3).map((part) => line(' ', [part, notice.tone]));
}

function dialogLines({ dialog }: AppState, width: number): Line[] | null {
  return dialog === null ? null : [blank, ...wrap(dialog.question, width - 2).map((part) => line(' ', { text: part, bold: true, tone: 'warn' }))];
}
