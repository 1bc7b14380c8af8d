import { UserError } from '../util/errors.js';
import { placeText, type RejectedRow, type SourceRow } from './source/row.js';

/** Rejected rows that are kept to be shown; of a corpus in another format there may be billions. */
const keptRows = 10_000;

/** Rows whose columns are remembered. */
const sampledRows = 100;

/** What is wrong with rows, and the sentence to say when that is all of them. */
export class Faults {
  /** The first ones, and how many there are in all. */
  rows: RejectedRow[] = [];
  count = 0;
  /** Columns of the first rows; those that rejected rows lacked, null for every other reason. */
  readonly columns = new Set<string>();
  readonly missing = new Set<string | null>();
  #sampled = 0;

  seen(row: SourceRow): void {
    if (this.#sampled++ < sampledRows) for (const column of Object.keys(row.value)) this.columns.add(column);
  }

  add(row: RejectedRow, missingColumn: string | null = null): void {
    this.count++;
    if (this.rows.length < keptRows) this.rows.push(row);
    this.missing.add(missingColumn);
  }

  /** Takes over what was wrong with the rows after these. */
  join({ rows, count, columns, missing }: Pick<Faults, 'rows' | 'count'> & { readonly columns: Iterable<string>; readonly missing: Iterable<string | null> }): void {
    this.count += count;
    this.rows.push(...rows.slice(0, keptRows - this.rows.length));
    for (const column of columns) this.columns.add(column);
    for (const column of missing) this.missing.add(column);
  }

  error(files: readonly string[]): UserError {
    const names = namesOf(files);
    const [first] = this.rows;
    if (!first) return new UserError(`${names} has no rows: give a file with at least one`);
    const [missing] = this.missing;
    if (this.missing.size === 1 && missing !== null) {
      return new UserError(`${names} has no column "${missing}"; it has ${[...this.columns].join(', ')}: choose another dataset.format, or name the column in dataset.columns`);
    }
    return new UserError(`none of the ${this.count} rows of ${names} can be used; the first, ${placeText(first, first.file)}: ${first.reason}`);
  }
}

/** The first of them by name. */
export function namesOf(files: readonly string[]): string {
  const shown = 3;
  return files.length <= shown ? files.join(', ') : `${files.slice(0, shown).join(', ')} and ${files.length - shown} more`;
}
