import { Box } from 'ink';
import { memo, useMemo } from 'react';
import type { RunRecord } from '../../../store/rows.js';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { clean, cutLeft, wrap } from '../../format/text.js';
import { Pane, frame } from '../../widgets/pane.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import type { ListState } from '../../widgets/list.js';
import { useTheme } from '../../widgets/theme-context.js';
import { fieldLine } from '../../widgets/field-line.js';
import { DetailPane, CostPane } from './detail-view.js';
import { textAt } from './draft.js';
import { formLayout } from './layout.js';
import { completionText, datasetColumns, listNote, modelColumns, settingsLines } from './lines.js';
import { PickerPane, SavingPane } from './dialog-view.js';
import type { Start } from './picker.js';
import { adviceOf, visibleDatasets, visibleModels } from './state.js';
import type { NewRunState } from './state.js';

export interface NewRunViewProps {
  readonly state: NewRunState;
  readonly starts: readonly Start[];
  readonly runs: readonly RunRecord[];
  readonly width: number;
  readonly height: number;
}

/** Model, dataset and settings on the left; what they mean on the right; what opens over them below. */
export const NewRunView = memo(function NewRunView({ state, starts, width, height }: NewRunViewProps) {
  if (state.picker) return <PickerPane picker={state.picker} starts={starts} width={width} height={height} />;
  const saving = state.saving ? 4 : 0;
  return (
    <Box flexDirection="column">
      <Form state={state} width={width} height={height - saving} />
      {state.saving && <SavingPane saving={state.saving} width={width} height={saving} />}
    </Box>
  );
});

interface FormProps {
  readonly state: NewRunState;
  readonly width: number;
  readonly height: number;
}

function Form({ state, width, height }: FormProps) {
  const { glyphs } = useTheme();
  const layout = formLayout(state, width, height);
  const model = textAt(state.draft, 'model');
  const dataset = textAt(state.draft, 'dataset.path');
  const models = useMemo(() => (state.models ? visibleModels(state) : null), [state.models, state.modelList.filter]);
  const datasets = useMemo(() => (state.datasets ? visibleDatasets(state) : null), [state.datasets, state.datasetList.filter]);
  const inside = { width: layout.left - frame.columns, height: 0, glyphs };
  return (
    <Box>
      {layout.left > 0 && (
        <Box flexDirection="column">
          <ListPane name="Model" rows={models} list={state.modelList} columns={modelColumns(inside, model)} chosen={model} none="No model found: e types the path of a folder, or set WORKBENCH_MODELS." focused={state.pane === 'model'} editing={state.editing} width={layout.left} height={layout.model} />
          <ListPane name="Dataset" rows={datasets} list={state.datasetList} columns={datasetColumns(inside, dataset)} chosen={dataset} none="No dataset found: e types the path of a file." focused={state.pane === 'dataset'} editing={state.editing} width={layout.left} height={layout.dataset} />
          <SettingsPane state={state} width={layout.left} height={layout.settings} />
        </Box>
      )}
      {layout.costs > 0 && <CostPane state={state} focused={false} width={layout.costs} height={height} />}
      <DetailPane state={state} view={layout.view} width={layout.right} height={height} />
    </Box>
  );
}

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
    if (focused && editing) return typingLines(editing, inside.width);
    if (rows === null) return [line([`Looking for ${name.toLowerCase()}s${glyphs.ellipsis}`, 'muted'])];
    const noted = inside.height > 1;
    const cursor = list.cursor;
    const note = noted ? [listNote(list, rows[cursor], inside)] : [];
    if (rows.length === 0) return [...wrap(list.filter === '' ? none : 'Nothing passes the filter.', inside.width).map((text) => line([text, 'muted'])), ...note];
    const shown = tableLines(rows, columns, { ...inside, height: inside.height - note.length, cursor: focused ? cursor : Math.max(0, rows.findIndex(({ path }) => path === chosen)), focused });
    return [...shown, ...Array.from({ length: inside.height - note.length - shown.length }, () => blank), ...note];
  }
}

/** The path, and under it why it cannot be taken or how it may go on. */
function typingLines({ field, error, completions }: NonNullable<NewRunState['editing']>, width: number): Line[] {
  const below = error === null ? wrap(completionText(completions), width).map((text) => line([text, 'accent'])) : wrap(error, width).map((text) => line([text, 'bad']));
  return [line(['path ', 'accent'], ...fieldLine(field, width - 5)), ...below];
}

function SettingsPane({ state, width, height }: FormProps) {
  const { glyphs } = useTheme();
  const focused = state.pane === 'settings';
  const advised = useMemo(() => new Set(adviceOf(state).flatMap(({ keys }) => keys.slice(0, 1))), [state.assessment, state.looked]);
  const area = { width: width - frame.columns, height: height - frame.rows, glyphs, advised };
  const lines = state.knobs.length === 0 ? [line([`Reading the settings${glyphs.ellipsis}`, 'muted'])] : settingsLines(state, focused, area);
  const from = state.base === null ? '' : `  from ${cutLeft(clean(state.base.name), area.width - 'Settings  from '.length, glyphs.ellipsis)}`;
  return <Pane title={line('Settings', [from, 'muted'])} width={width} height={height} focused={focused} lines={lines} />;
}
