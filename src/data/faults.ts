import { UserError } from '../util/errors.js';
import type { RejectedRow, SourceRow } from './source/row.js';

/** What is wrong with rows, and the sentence to say when that is all of them. */
export class Faults {
  readonly rows: RejectedRow[] = [];
  readonly #columns = new Set<string>();
  readonly #missing = new Set<string | null>();
  #sampled = 0;

  /** Remembers the columns of the first rows. */
  seen(row: SourceRow): void {
    if (this.#sampled++ < 100) for (const column of Object.keys(row.value)) this.#columns.add(column);
  }

  add(row: RejectedRow, missingColumn: string | null = null): void {
    this.rows.push(row);
    this.#missing.add(missingColumn);
  }

  error(files: readonly string[]): UserError {
    const names = files.join(', ');
    const [first] = this.rows;
    if (!first) return new UserError(`${names} has no rows: give a file with at least one`);
    const [missing] = this.#missing;
    if (this.#missing.size === 1 && missing !== null) {
      return new UserError(`${names} has no column "${missing}"; it has ${[...this.#columns].join(', ')}: choose another dataset.format, or name the column in dataset.columns`);
    }
    return new UserError(`none of the ${this.rows.length} rows of ${names} can be used; the first, ${first.file}:${first.line}: ${first.reason}`);
  }
}
