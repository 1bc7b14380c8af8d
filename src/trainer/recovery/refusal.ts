/** An update that must not reach the weights, and the rows it was made of. */
import { basename } from 'node:path';
import type { Batch } from '../../data/batch/collate.js';
import type { EncodedRows } from '../../data/rows.js';
import { placeText } from '../../data/source/row.js';
import { formatNumber } from '../../util/format.js';
import type { RefusedRow, Refusal } from '../events.js';

/** Thrown before the weights would take a loss that is not a number, or that is far above those before it. */
export class RefusedUpdate extends Error {
  override readonly name = 'RefusedUpdate';
  readonly facts: Omit<Refusal, 'rows'>;
  /** Those to look at first come first. */
  readonly microBatches: readonly Batch[];

  constructor(facts: Omit<Refusal, 'rows'>, microBatches: readonly Batch[]) {
    super(sentenceOf(facts));
    this.facts = facts;
    this.microBatches = microBatches;
  }
}

/** With the places of its rows in the data. */
export function withRows({ facts, microBatches }: RefusedUpdate, data: EncodedRows): Refusal {
  return { ...facts, rows: microBatches.flatMap(({ rows }) => rows.map((row): RefusedRow => ({ row: row + 1, ...data.place(row) }))) };
}

/** Rows of a sentence; the event and the log have all. */
const namedRows = 6;

/** "row 17 (train.jsonl:18), row 4 (train.jsonl:4) and 6 more". */
export function namesOf(rows: readonly RefusedRow[], most = namedRows): string {
  const names = rows.slice(0, most).map((refused) => `row ${refused.row} (${placeText(refused, basename(refused.file))})`);
  return `${names.join(', ')}${rows.length > most ? ` and ${rows.length - most} more` : ''}`;
}

function sentenceOf({ update, loss, grad_norm, limit }: Omit<Refusal, 'rows'>): string {
  if (limit !== null) return `At update ${update} the loss is ${formatNumber(loss ?? NaN)}, a spike: more than ${formatNumber(limit)} was not expected`;
  return `At update ${update} the loss is ${loss}${grad_norm === null ? '' : ` and the gradient norm ${grad_norm}`}`;
}
