/** Parquet files, a row group at a time. */
import { UserError, messageOf } from '../../util/errors.js';
import { plainRow } from './plain-value.js';
import type { RowReader } from './row.js';

/** Rows counted from 1 stand where other files have their lines. */
export const readParquet: RowReader = async function* (file, { after = 0 }) {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects }, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  const decoded = async <T>(part: Promise<T>): Promise<T> => {
    try {
      return await part;
    } catch (error) {
      throw new UserError(`${file} cannot be read as parquet (${messageOf(error)}): get it again, or save it with snappy, zstd, gzip or brotli`);
    }
  };
  const source = await asyncBufferFromFile(file);
  const metadata = await decoded(parquetMetadataAsync(source));
  let read = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = read + Number(group.num_rows);
    if (rowEnd <= after) {
      read = rowEnd;
      continue;
    }
    const rows = await decoded(parquetReadObjects({ file: source, metadata, rowStart: read, rowEnd, compressors }));
    for (const [i, row] of rows.entries()) if (read + i >= after) yield { file, line: read + i + 1, counted: true, value: plainRow(row) };
    read = rowEnd;
  }
};
