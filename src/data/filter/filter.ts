/** Which rows of a set are taken. */
import path from 'node:path';
import type { DatasetConfig } from '../../config/schema.js';
import { UserError } from '../../util/errors.js';
import { counted, formatCount, formatShare } from '../../util/format.js';
import type { RowValue } from '../template/formats.js';
import { duplicateFinder } from './duplicates.js';
import type { DuplicateFinder } from './marks.js';
import { rowText } from './text.js';

export interface RowFilter {
  /** The rule that leaves a row out, judged by itself; null where none does. */
  dropped(row: RowValue): string | null;
  /** Whether a row like it was taken before; else it is remembered. Asked once for each row that is taken otherwise, in their order. */
  isDuplicate(row: RowValue): boolean;
  /** What rows are compared with; null where none is remembered. */
  readonly memory: Omit<DuplicateFinder, 'seen'> | null;
}

type FilterConfig = Pick<DatasetConfig, 'filter' | 'dedupe'>;

/** Rules in the order in which they are asked. */
export function rowFilter({ filter, dedupe }: FilterConfig, columns: readonly string[]): RowFilter {
  const pattern = filter.matches === null ? null : regularExpression(filter.matches);
  const known = dedupe === 'none' ? null : duplicateFinder(dedupe);
  const needsText = filter.contains.length + filter.excludes.length + filter.min_length > 0 || filter.max_length !== null || pattern !== null;

  const dropped = (row: RowValue): string | null => {
    for (const [column, allowed] of Object.entries(filter.where)) if (![allowed].flat().includes(String(row[column]))) return `where ${column}`;
    if (!needsText) return null;
    const text = rowText(row, columns);
    if (text.length < filter.min_length) return 'min_length';
    if (filter.max_length !== null && text.length > filter.max_length) return 'max_length';
    if (filter.contains.length > 0 && !filter.contains.some((word) => text.includes(word))) return 'contains';
    if (filter.excludes.some((word) => text.includes(word))) return 'excludes';
    if (pattern !== null && !pattern.test(text)) return 'matches';
    return null;
  };
  return { dropped, isDuplicate: (row) => known?.seen(rowText(row, columns)) ?? false, memory: known };
}

/** `word`, or `/word/i` with flags; throws UserError where it is none. */
export function regularExpression(source: string): RegExp {
  const [, inner = source, flags = ''] = /^\/(.*)\/([imsu]*)$/s.exec(source) ?? [];
  try {
    return new RegExp(inner, flags);
  } catch (error) {
    throw new UserError(`dataset.filter.matches: ${error instanceof Error ? error.message : String(error)}; write it as in JavaScript, with flags as /word/i`);
  }
}

/** "the filter keeps 4.2% of 1,000 rows (left out: 12 by contains, 3 by duplicate)"; null where it left out none. */
export function keptText({ read, dropped }: { readonly read: number; readonly dropped: Readonly<Record<string, number>> }): string | null {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return lost === 0 ? null : `the filter keeps ${formatShare((read - lost) / read)} of ${counted(read, 'row')} (left out: ${droppedText(dropped)})`;
}

/** What the filter kept of each set of a mixture from which it left out rows. */
export function keptTexts(sets: readonly { readonly path: string; readonly read: number; readonly dropped: Readonly<Record<string, number>> }[]): string[] {
  return sets.flatMap((set) => {
    const text = keptText(set);
    return text === null ? [] : [sets.length === 1 ? text : `${path.basename(set.path)}: ${text}`];
  });
}

/** "12 by contains, 3 by duplicate". */
export function droppedText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).map(([rule, count]) => `${formatCount(count)} by ${rule}`).join(', ');
}
