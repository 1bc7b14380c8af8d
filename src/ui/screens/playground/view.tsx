import { Box } from 'ink';
import { memo } from 'react';
import { blank, line } from '../../format/line.js';
import { clean, wrap } from '../../format/text.js';
import { fieldLine } from '../../widgets/field-line.js';
import { Pane, frame } from '../../widgets/pane.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import { useTheme } from '../../widgets/theme-context.js';
import { answerLines, answerTitle, promptLines, samplingLines, subjectLine } from './lines.js';
import type { Candidate, PlaygroundState } from './state.js';
import type { Voice } from './services.js';

export interface PlaygroundViewProps {
  readonly state: PlaygroundState;
  readonly candidates: readonly Candidate[];
  readonly width: number;
  readonly height: number;
}

/** Columns below which answers stand one below the other. */
const narrowest = 30;

/** Who answers and how above, the prompt below it, and the answers side by side. */
export const PlaygroundView = memo(function PlaygroundView(props: PlaygroundViewProps) {
  const { state, width, height } = props;
  const { glyphs } = useTheme();
  if (state.picker) return <PickerPane {...props} />;
  const inside = width - frame.columns;
  const sampling = samplingLines(state, inside);
  const head = 1 + sampling.length + frame.rows;
  const prompt = Math.max(4, Math.min(10, Math.floor(height / 4))) + (state.row ? 1 : 0);
  const rows = prompt - frame.rows - (state.row ? 1 : 0);
  const text = promptLines(state.typing?.text ?? state.prompt, state.typing?.caret ?? null, { width: inside, height: rows });
  const shown = state.prompt === '' && state.typing === null ? [line(['i types a prompt', 'muted'], [state.subject?.runId ? ', e takes one from the rows that the run is evaluated on' : '', 'muted'])] : text;
  const wanted = state.row ? [...shown, ...Array.from({ length: rows - shown.length }, () => blank), line(['should say ', 'muted'], [clean(state.row.answer, glyphs.newline), 'eval'])] : shown;
  return (
    <Box flexDirection="column">
      <Pane title={line('Playground')} width={width} height={head} focused={state.pane === 'sampling'} lines={[subjectLine(state, glyphs), ...sampling]} />
      <Pane title={line('Prompt', [state.row ? `  eval row ${state.row.index + 1} of ${state.row.of}` : '', 'muted'])} width={width} height={prompt} focused={state.pane === 'prompt'} lines={wanted} />
      {state.voices ? <VoicesPane state={state} width={width} height={height - head - prompt} /> : <Answers state={state} width={width} height={height - head - prompt} />}
    </Box>
  );
});

type PartProps = Omit<PlaygroundViewProps, 'candidates'>;

function Answers({ state, width, height }: PartProps) {
  const { glyphs } = useTheme();
  const focused = state.pane === 'answers';
  const { answers } = state;
  if (answers.length === 0) return <Pane title={line('Answers')} width={width} height={height} focused={focused} lines={[line([state.subject === null ? '' : 'Enter has them answer.', 'muted'])]} />;
  const across = Math.max(1, Math.min(answers.length, Math.floor(width / narrowest)));
  const down = Math.ceil(answers.length / across);
  return (
    <Box flexDirection="column">
      {Array.from({ length: down }, (_, row) => {
        const shown = answers.slice(row * across, (row + 1) * across);
        const high = Math.floor(height / down) + (row < height % down ? 1 : 0);
        return (
          <Box key={row}>
            {shown.map((answer, i) => {
              const wide = Math.floor(width / shown.length) + (i < width % shown.length ? 1 : 0);
              return <Pane key={answer.label} title={answerTitle(answer)} width={wide} height={high} focused={focused} lines={answerLines(answer, state, { width: wide - frame.columns, height: high - frame.rows, glyphs })} />;
            })}
          </Box>
        );
      })}
    </Box>
  );
}

function VoicesPane({ state: { subject, chosen, voices }, width, height }: PartProps) {
  const { glyphs } = useTheme();
  const all = subject?.voices ?? [];
  const columns: readonly Column<Voice>[] = [
    { title: '', width: 3, cell: (voice) => ({ text: chosen.includes(all.indexOf(voice)) ? `[${glyphs.chosen}]` : '[ ]', tone: 'accent' }) },
    { title: '', width: 14, cell: ({ label }) => ({ text: label }) },
    { title: '', width: 20, grow: true, cell: ({ model, adapter }) => ({ text: clean(adapter ?? model), tone: 'muted' }) },
  ];
  return <Pane title={line('Who answers', [`  ${chosen.length} of ${all.length}`, 'muted'])} width={width} height={height} focused lines={tableLines(all, columns, { width: width - frame.columns, height: height - frame.rows, cursor: voices?.cursor ?? 0, focused: true, glyphs })} />;
}

const candidateColumns: readonly Column<Candidate>[] = [
  { title: '', width: 5, cell: ({ kind }) => ({ text: kind, tone: 'muted' }) },
  { title: '', width: 28, cell: ({ name }) => ({ text: clean(name) }) },
  { title: '', width: 20, grow: true, cell: ({ about }) => ({ text: clean(about), tone: 'muted' }) },
];

function PickerPane({ state: { picker }, candidates, width, height }: PlaygroundViewProps) {
  const { glyphs } = useTheme();
  const inside = width - frame.columns;
  const none = picker?.filter === '' ? 'No model was found and no run has saved anything yet: WORKBENCH_MODELS names folders of models.' : 'Nothing passes the filter.';
  const shown = candidates.length === 0 ? wrap(none, inside).map((text) => line([text, 'muted'])) : tableLines(candidates, candidateColumns, { width: inside, height: Math.max(1, height - frame.rows - 2), cursor: picker?.cursor ?? 0, focused: true, glyphs });
  const field = line(['find ', 'accent'], ...(picker?.typing ? fieldLine(picker.typing, inside - 5) : []));
  return <Pane title={line('Who is to answer', [candidates.length > 0 ? `  ${(picker?.cursor ?? 0) + 1}/${candidates.length}` : '', 'muted'])} width={width} height={height} focused lines={[field, blank, ...shown]} />;
}
