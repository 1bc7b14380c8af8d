/** The texts of data sets, without a tokenizer: what a new one is learned from. */
import type { DatasetConfig, Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import { guessFormat } from './discover.js';
import { rowFilter } from './filter/filter.js';
import { rowText } from './filter/text.js';
import { setsOf } from './sets.js';
import { readerOf, splitsOf } from './source/files.js';
import { isRejected } from './source/row.js';
import { columnsRead, formatColumns } from './template/formats.js';

/** The words of each row for training that an experiment's filter takes, one set after the other; weights do not count. */
export async function* datasetTexts(dataset: DatasetConfig, stage: Experiment['stage'], baseFolder = '.'): AsyncGenerator<string> {
  for (const set of setsOf(dataset, stage, baseFolder)) {
    const columns = columnsRead(set);
    const filter = rowFilter(dataset, columns);
    let rows = 0;
    for await (const value of rowsOf(splitsOf(set.path).train, set.columns['text'] ?? 'text')) {
      if (set.max_samples !== null && rows >= set.max_samples) break;
      if (filter(value) !== null) continue;
      const text = rowText(value, columns);
      if (text === '') continue;
      rows++;
      yield text;
    }
  }
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
