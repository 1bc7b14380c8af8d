/** The texts of data sets, without a tokenizer: what a new one is learned from. */
import type { DatasetConfig, Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import type { ExperimentFunctions } from '../config/define.js';
import { guessFormat } from './look/discover.js';
import { rowFilter } from './filter/filter.js';
import { rowText } from './filter/text.js';
import { promptColumns, promptRow, rowPredicate } from './functions.js';
import { setsOf } from './sets.js';
import { readerOf, splitsOf } from './source/files.js';
import { isRejected } from './source/row.js';
import { UnusableRow } from './template/example.js';
import { columnsRead, formatColumns, type RowValue } from './template/formats.js';

/**
 * The words of each row for training that the filter and the functions of an experiment take, one set after the other; weights do not count, and
 * a row that a function rejects is left out.
 */
export async function* datasetTexts(dataset: DatasetConfig, stage: Experiment['stage'], functions: ExperimentFunctions = {}): AsyncGenerator<string> {
  const read = readerBy(functions);
  for (const set of setsOf(dataset, stage, '.')) {
    const columns = functions.prompt ? promptColumns : columnsRead(set);
    const filter = rowFilter(dataset, columns);
    let rows = 0;
    for await (const row of rowsOf(splitsOf(set.path).train, set.columns['text'] ?? 'text')) {
      if (set.max_samples !== null && rows >= set.max_samples) break;
      const value = read(row);
      if (value === null || filter.dropped(value) !== null) continue;
      const text = rowText(value, columns);
      if (text === '') continue;
      rows++;
      yield text;
    }
  }
}

/** The row as the functions make it; null where they leave it out. */
function readerBy({ filter, prompt }: ExperimentFunctions): (row: RowValue) => RowValue | null {
  const wanted = filter ? rowPredicate(filter) : () => true;
  const written = prompt ? promptRow(prompt) : (row: RowValue) => row;
  return (row) => {
    try {
      return wanted(row) ? written(row) : null;
    } catch (error) {
      if (error instanceof UnusableRow) return null;
      throw error;
    }
  };
}

/** The words of each row of files, folders or patterns: those of one column, else of the columns of the format that the rows fit. */
export async function* fileTexts(paths: readonly string[], column: string | null): AsyncGenerator<string> {
  for (const place of paths) {
    for (const file of splitsOf(place).train) {
      let columns: readonly string[] | null = column === null ? null : [column];
      for await (const value of rowsOf([file], column ?? 'text')) {
        columns ??= columnsOf(value, file);
        const text = rowText(value, columns);
        if (text !== '') yield text;
      }
    }
  }
}

async function* rowsOf(files: readonly string[], textColumn: string): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for (const file of files) {
    for await (const row of readerOf(file)(file, { textColumn, runningText: true })) if (!isRejected(row)) yield row.value;
  }
}

function columnsOf(value: Readonly<Record<string, unknown>>, file: string): readonly string[] {
  const format = guessFormat(Object.keys(value));
  if (format === null) throw new UserError(`${file} has the columns ${Object.keys(value).join(', ')}, none of them a known text; say which one with --column`);
  return format === 'classification' ? ['text'] : [...formatColumns[format].required, ...formatColumns[format].optional];
}
