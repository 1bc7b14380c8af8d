import { Box } from 'ink';
import { memo, useMemo } from 'react';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { wrap } from '../../format/text.js';
import { Pane, frame } from '../../widgets/pane.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import type { ListState } from '../../widgets/list.js';
import { useTheme } from '../../widgets/theme-context.js';
import { fieldLine } from '../../widgets/field-line.js';
import { textAt } from './draft.js';
import { formLayout } from './layout.js';
import { costLines, datasetColumns, listNote, modelColumns, settingsLines, warningLines } from './lines.js';
import { currentProblem, visibleDatasets, visibleModels } from './state.js';
import type { NewRunState } from './state.js';

export interface NewRunViewProps {
  readonly state: NewRunState;
  readonly width: number;
  readonly height: number;
}

/** Model, dataset and settings on the left, what they would cost on the right. */
export const NewRunView = memo(function NewRunView({ state, width, height }: NewRunViewProps) {
  const { glyphs } = useTheme();
  const layout = formLayout(state, width, height);
  const model = textAt(state.draft, 'model');
  const dataset = textAt(state.draft, 'dataset.path');
  const models = useMemo(() => (state.models ? visibleModels(state) : null), [state.models, state.modelList.filter]);
  const datasets = useMemo(() => (state.datasets ? visibleDatasets(state) : null), [state.datasets, state.datasetList.filter]);
  return (
    <Box>
      <Box flexDirection="column">
        <ListPane name="Model" rows={models} list={state.modelList} columns={modelColumns(glyphs, model)} chosen={model} none="No model found: e types the path of a folder, or set WORKBENCH_MODELS." focused={state.pane === 'model'} editing={state.editing} width={layout.left} height={layout.model} />
        <ListPane name="Dataset" rows={datasets} list={state.datasetList} columns={datasetColumns(glyphs, dataset)} chosen={dataset} none="No dataset found: e types the path of a file." focused={state.pane === 'dataset'} editing={state.editing} width={layout.left} height={layout.dataset} />
        <SettingsPane state={state} width={layout.left} height={layout.settings} />
      </Box>
      <CostPane state={state} width={layout.right} height={height} />
    </Box>
  );
});

interface Entry {
  readonly path: string;
  readonly reason?: string | null;
}

interface ListPaneProps<Row extends Entry> {
  readonly name: string;
  readonly rows: readonly Row[] | null;
  readonly list: ListState;
  readonly columns: readonly Column<Row>[];
  readonly chosen: string;
  readonly none: string;
  readonly focused: boolean;
  readonly editing: NewRunState['editing'];
  readonly width: number;
  readonly height: number;
}

function ListPane<Row extends Entry>({ name, rows, list, columns, chosen, none, focused, editing, width, height }: ListPaneProps<Row>) {
  const { glyphs } = useTheme();
  const inside = { width: width - frame.columns, height: height - frame.rows, glyphs };
  const title = line(name, [rows && rows.length > 0 ? `  ${list.cursor + 1}/${rows.length}` : '', 'muted']);
  return <Pane title={title} width={width} height={height} focused={focused} lines={content()} />;

  function content(): Line[] {
    if (focused && editing) return [line(['path ', 'accent'], ...fieldLine(editing.field, inside.width - 5)), ...wrap(editing.error ?? '', inside.width).map((text) => line([text, 'bad']))];
    if (rows === null) return [line([`Looking for ${name.toLowerCase()}s${glyphs.ellipsis}`, 'muted'])];
    const noted = inside.height > 1;
    const cursor = list.cursor;
    const note = noted ? [listNote(list, rows[cursor], inside)] : [];
    if (rows.length === 0) return [...wrap(list.filter === '' ? none : 'Nothing passes the filter.', inside.width).map((text) => line([text, 'muted'])), ...note];
    const shown = tableLines(rows, columns, { ...inside, height: inside.height - note.length, cursor: focused ? cursor : Math.max(0, rows.findIndex(({ path }) => path === chosen)), focused });
    return [...shown, ...Array.from({ length: inside.height - note.length - shown.length }, () => blank), ...note];
  }
}

function SettingsPane({ state, width, height }: NewRunViewProps) {
  const { glyphs } = useTheme();
  const focused = state.pane === 'settings';
  const lines = state.knobs.length === 0 ? [line([`Reading the settings${glyphs.ellipsis}`, 'muted'])] : settingsLines(state, focused, { width: width - frame.columns, height: height - frame.rows, glyphs });
  return <Pane title={line('Settings')} width={width} height={height} focused={focused} lines={lines} />;
}

function CostPane({ state, width, height }: NewRunViewProps) {
  const theme = useTheme();
  const inside = width - frame.columns;
  const problem = currentProblem(state);
  const estimate = state.assessment?.estimate ?? null;
  const working = state.assessment?.draft !== state.draft;
  const title = line('What it takes', [state.starting ? `  starting${theme.glyphs.ellipsis}` : working ? `  ${theme.glyphs.ellipsis}` : '', 'accent']);
  const lines = [
    ...(problem === null ? [] : [...warningLines([problem], inside, 'bad'), blank]),
    ...(estimate ? costLines(estimate, inside, theme) : problem === null ? [line([`Estimating${theme.glyphs.ellipsis}`, 'muted'])] : []),
    ...(estimate && estimate.warnings.length > 0 ? [blank, ...warningLines(estimate.warnings, inside, 'warn')] : []),
  ];
  return <Pane title={title} width={width} height={height} lines={lines} />;
}
