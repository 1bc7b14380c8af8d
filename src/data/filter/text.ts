import type { RowValue } from '../template/formats.js';

/** All words in the columns that are read, one piece a line; those of lists and messages too. */
export function rowText(row: RowValue, columns: readonly string[]): string {
  return columns.flatMap((column) => wordsIn(row[column])).join('\n');
}

function wordsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(wordsIn);
}
