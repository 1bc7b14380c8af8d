/** What the files of a dataset are made of. */

/** Where a row stands. */
export interface RowAt {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `line` counts the rows of the file, which has none of its own for each (parquet, a list that is one line). */
  readonly counted?: true | undefined;
}

/** "rows.jsonl:17" or "rows.parquet, row 17"; with `last_line` all from the one to the other. */
export function placeText({ line, counted, last_line = line }: Omit<RowAt, 'file'> & { readonly last_line?: number }, file: string): string {
  const lines = last_line > line ? `${line}–${last_line}` : String(line);
  return counted ? `${file}, row ${lines}` : `${file}:${lines}`;
}

/** A row as the file has it. */
export interface SourceRow extends RowAt {
  readonly value: Readonly<Record<string, unknown>>;
}

/** A row that cannot be used, and why. */
export interface RejectedRow extends RowAt {
  readonly reason: string;
}

export function rejectedRow({ file, line, counted }: RowAt, reason: string): RejectedRow {
  return { file, line, ...(counted && { counted }), reason };
}

/** How text without rows of its own is taken apart. */
export interface ReadOptions {
  /** The column that a text without columns goes into. */
  readonly textColumn: string;
  /** A text file is one running text (true), or a row a line. */
  readonly runningText: boolean;
  /** Rows at the beginning of the file that are passed over, with as little work as the format allows; none if not given. */
  readonly after?: number;
  /** Told how many bytes of a file are read, where its kind is read from the beginning to the end. */
  readonly onRead?: OnRead;
}

export type OnRead = (bytes: number) => void;

/** Reads a file row by row, holding little of it at a time; throws UserError with the line of what is damaged. */
export type RowReader = (file: string, options: ReadOptions) => AsyncIterable<SourceRow | RejectedRow>;

export function isRejected(row: SourceRow | RejectedRow): row is RejectedRow {
  return 'reason' in row;
}

/** All but the first rows, for formats in which one is found only by reading those before it. */
export function passingOver(read: RowReader): RowReader {
  return async function* (file, options) {
    let left = options.after ?? 0;
    for await (const row of read(file, options)) if (left-- <= 0) yield row;
  };
}

/** A JSON value as a row: an object, or a bare string, which is a text. */
export function rowOf(value: unknown, place: RowAt, textColumn: string): SourceRow | RejectedRow {
  if (typeof value === 'string') return { ...place, value: { [textColumn]: value } };
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...place, value: value as Record<string, unknown> };
  return { ...place, reason: `a row must be an object with columns or a text, not ${Array.isArray(value) ? 'a list' : String(value)}` };
}
