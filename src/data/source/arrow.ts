/** Arrow files, a record batch at a time: what `datasets` of Hugging Face keeps (`save_to_disk`), and Feather. */
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { UserError, messageOf } from '../../util/errors.js';
import { bytesOf } from './bytes.js';
import { plainRow } from './plain-value.js';
import type { RowReader } from './row.js';

/** Rows counted from 1 stand where other files have their lines. */
export const readArrow: RowReader = async function* (file, { after = 0, onRead }) {
  const { DataType, RecordBatchReader } = await import('apache-arrow');
  let line = 0;
  try {
    // A Feather file has its table of contents at the end; a stream is read as it comes.
    const batches = isFeather(file) ? await RecordBatchReader.from(await open(file)) : await RecordBatchReader.from(bytesOf(file, onRead));
    for await (const batch of batches) {
      if (line + batch.numRows <= after) {
        line += batch.numRows;
        continue;
      }
      const times = batch.schema.fields.filter(({ type }) => DataType.isTimestamp(type) || DataType.isDate(type)); // given in ms since 1970
      for (const row of batch) {
        if (++line <= after) continue;
        const value: Record<string, unknown> = row.toJSON();
        for (const { name } of times) if (typeof value[name] === 'number') value[name] = new Date(value[name]);
        yield { file, line, counted: true, value: plainRow(value) };
      }
    }
  } catch (error) {
    throw new UserError(`${file} cannot be read as Arrow beyond row ${line} (${messageOf(error)}): get it again, or save it as parquet`);
  }
};

function isFeather(file: string): boolean {
  const start = Buffer.alloc(6);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, start, 0, start.length, 0) === start.length && start.toString() === 'ARROW1';
  } finally {
    closeSync(descriptor);
  }
}
