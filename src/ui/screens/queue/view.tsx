import { Box } from 'ink';
import { memo } from 'react';
import { line } from '../../format/line.js';
import { progressText } from '../../format/search.js';
import { clean, wrap } from '../../format/text.js';
import { fieldLine } from '../../widgets/field-line.js';
import { Pane, frame } from '../../widgets/pane.js';
import type { PathField } from '../../widgets/path-field.js';
import { useTheme } from '../../widgets/theme-context.js';
import { emptyQueue, entryLines, queueLines } from './lines.js';
import { entryUnderCursor } from './state.js';
import type { QueueState } from './state.js';

export interface QueueViewProps {
  readonly state: QueueState;
  readonly now: number;
  readonly width: number;
  readonly height: number;
}

/** More would take the room of the line. */
const shownSearches = 2;

/** The line above; what is under the cursor, or the path that is typed, below. */
export const QueueView = memo(function QueueView({ state, now, width, height }: QueueViewProps) {
  const { glyphs } = useTheme();
  const inside = width - frame.columns;
  const lower = state.adding ? 5 : state.entries.length === 0 ? 0 : 6;
  const searches = state.searches.slice(0, shownSearches).map((search) => line(['search ', 'muted'], [clean(search.name), 'accent'], [`  ${progressText(search)}`, 'muted']));
  const area = { width: inside, height: height - lower - frame.rows - searches.length, glyphs, now };
  const entry = entryUnderCursor(state);
  const count = (standing: string): number => state.entries.filter((each) => each.standing === standing).length;
  const title = line('Queue', [`  ${count('running')} running, ${count('waiting')} waiting, ${state.parallel} at once`, 'muted']);
  const body = state.entries.length === 0 ? emptyQueue.flatMap((text) => wrap(text, inside)).map((text) => line([text, 'muted'])) : queueLines(state.entries, state.cursor, area);
  return (
    <Box flexDirection="column">
      <Pane title={title} width={width} height={height - lower} focused={state.adding === null} lines={[...searches, ...body]} />
      {state.adding ? <AddingPane path={state.adding} width={width} height={lower} /> : entry && <Pane title={line('Entry')} width={width} height={lower} lines={entryLines(entry, area)} />}
    </Box>
  );
});

function AddingPane({ path: { field, error, completions }, width, height }: { readonly path: PathField; readonly width: number; readonly height: number }) {
  const inside = width - frame.columns;
  const names = completions.length === 0 ? 'The path of an experiment file (YAML or JSON); Tab completes it.' : completions.map(({ name }) => clean(name)).join('  ');
  const below = wrap(error ?? names, inside).slice(0, height - frame.rows - 1);
  return <Pane title={line('Put in line')} width={width} height={height} focused lines={[line(['path ', 'accent'], ...fieldLine(field, inside - 5)), ...below.map((text) => line([text, error === null ? 'muted' : 'bad']))]} />;
}
