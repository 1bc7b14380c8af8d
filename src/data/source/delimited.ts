/** Tables with a header line: comma- or tab-separated, quoted as in RFC 4180. */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { UserError } from '../../util/errors.js';
import { passingOver, type RowReader } from './row.js';
import { textOf } from './text.js';

interface Record {
  readonly record: { readonly [column: string]: string };
  readonly info: { readonly lines: number };
}

/** A reader for one separator. Every value is a text. */
export function readDelimited(delimiter: ',' | '\t'): RowReader {
  return passingOver(async function* (file, { onRead }) {
    const parser = Readable.from(textOf(file, onRead)).compose(parse({ columns: true, info: true, delimiter, skip_empty_lines: true }));
    try {
      for await (const { record, info } of parser as AsyncIterable<Record>) yield { file, line: info.lines, value: record };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      throw new UserError(`${file}:${String(error['lines'] ?? '?')} does not fit the table: ${error.message}`);
    }
  });
}
