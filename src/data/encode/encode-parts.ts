/** Reads, filters, templates and tokenises a corpus part by part: memory holds some batches, the rest goes to whoever takes the parts. */
import { encodeExamples } from './encode.js';
import type { TokenWeights } from '../functions.js';
import { type Part, PartBuilder, type Place, type ReadPosition } from './part.js';
import { idOf, kept, labelsAmong } from '../codes.js';
import { packedLine } from '../stored-rows.js';
import type { RowRule } from '../rule.js';
import { isRejected, rejectedRow, type RejectedRow, type SourceRow } from '../source/row.js';
import { type Example, UnusableRow } from '../template/example.js';
import { batchUnits, type Tokenizer } from '../tokenizer/index.js';

export interface Corpus {
  readonly files: readonly string[];
  /** The rows of a file after its first `after`. */
  read(file: string, after: number): AsyncIterable<SourceRow | RejectedRow>;
  readonly tokenizer: Tokenizer;
  /** A rule that has seen no row yet. */
  rule(): RowRule;
  readonly tokenWeights: TokenWeights | null;
  /** The last word on what of a row is read and what is learned. */
  shape(example: Example): Example;
  /** Stop after so many usable rows. */
  readonly maxRows: number | null;
  /** Text of a part, in UTF-16 units; what an interruption can cost. */
  readonly partUnits?: number;
}

/** What is behind: where to go on, how many usable rows there are already, and the rule that has seen them. */
export interface Behind {
  readonly position: ReadPosition;
  readonly rows: number;
  readonly rule: RowRule;
}

/** Text held before it is tokenised, in UTF-16 units: while the ids of one batch are taken over, the next is worked on. */
const heldUnits = 2 * batchUnits;

/** A second or so of work. */
const usualPartUnits = 1 << 22;

/** A part ends here even if the filter takes next to nothing. */
const partRows = 1 << 17;

interface HeldRow {
  readonly row: SourceRow;
  readonly place: Place;
  readonly example: Example;
  readonly weight: number;
}

/**
 * The parts after what is `behind`, the last one marked so. Where one ends depends on the rows alone. While a
 * batch is tokenised the next one is read.
 */
export async function* encodeParts(corpus: Corpus, behind: Behind): AsyncGenerator<Part> {
  const { maxRows, partUnits = usualPartUnits } = corpus;
  const { rule } = behind;
  let building = new PartBuilder(behind.position);
  let held: HeldRow[] = [];
  let units = 0;
  let inWork = 0; // rows
  let usable = behind.rows;
  let working: Promise<Part | null> = Promise.resolve(null);

  /** Has the held rows tokenised, and gives the part that was done before. `end`: they are the last of theirs. */
  const flush = async (end: Pick<Part, 'to' | 'last'> | null): Promise<Part[]> => {
    const done = await working;
    const [batch, target] = [held, building];
    const close = end && { ...end, marks: rule.memory?.takeMarks() ?? new Uint32Array() };
    held = [];
    units = 0;
    inWork = batch.length;
    if (end) building = new PartBuilder(end.to);
    working = tokenise(corpus, batch, target).then((rows) => {
      usable += rows;
      inWork = 0;
      return close && target.finish(close);
    });
    working.catch(() => undefined); // reported where it is awaited
    return done ? [done] : [];
  };
  const look = (row: SourceRow | RejectedRow, file: number): void => {
    const at = building.read++;
    if (isRejected(row)) return building.reject(at, row);
    building.seen(row);
    try {
      const taken = rule.taken(row.value);
      if ('dropped' in taken) return building.drop(taken.dropped);
      held.push({ row, place: { file, line: packedLine(row), at }, ...taken });
      const text = taken.example.pieces.reduce((sum, piece) => sum + ('text' in piece ? piece.text.length : 1), 0);
      units += text;
      building.units += text;
    } catch (error) {
      if (!(error instanceof UnusableRow)) throw error;
      building.reject(at, rejectedRow(row, error.message), error.missingColumn);
    }
  };

  let to = behind.position;
  const full = (): boolean => maxRows !== null && usable >= maxRows;
  for (let file = behind.position.file; file < corpus.files.length && !full(); file++) {
    const after = file === behind.position.file ? behind.position.row : 0;
    to = { file, row: after };
    for await (const row of corpus.read(corpus.files[file], after)) {
      look(row, file);
      to = { file, row: to.row + 1 };
      if (building.units >= partUnits || building.read >= partRows) yield* await flush({ to, last: false });
      else if (units >= heldUnits) yield* await flush(null);
      if (maxRows !== null && usable + inWork + held.length >= maxRows) {
        yield* await flush(null);
        await working; // some of them may be unusable
        if (full()) break;
      }
    }
  }
  yield* await flush({ to, last: true });
  const last = await working;
  if (last) yield last;
}

/** Adds what is usable of these rows to their part, and gives the number of rows. */
async function tokenise({ tokenizer, tokenWeights, shape }: Corpus, batch: readonly HeldRow[], part: PartBuilder): Promise<number> {
  const encoded = await encodeExamples(batch.map(({ example }) => shape(example)), tokenizer);
  let rows = 0;
  for (const [i, plain] of encoded.entries()) {
    const { row, place, weight } = batch[i];
    const { codes, factors, reason } = weighed(plain, row, tokenWeights);
    const labels = labelsAmong(codes);
    if (reason !== null || labels === 0) {
      part.reject(place.at, rejectedRow(row, reason ?? 'it has no tokens to learn'));
      continue;
    }
    part.add(place, codes, { labels, weight, factors });
    rows++;
  }
  return rows;
}

/** A token of weight 0 is read and not learned. */
function weighed(codes: Int32Array, { value }: SourceRow, tokenWeights: TokenWeights | null): { codes: Int32Array; factors: Float32Array | null; reason: string | null } {
  if (tokenWeights === null) return { codes, factors: null, reason: null };
  try {
    const factors = tokenWeights(codes.map(idOf), value);
    return { codes: codes.map((code, t) => (factors[t] === 0 ? kept(idOf(code), false) : code)), factors, reason: null };
  } catch (error) {
    if (!(error instanceof UnusableRow)) throw error;
    return { codes, factors: null, reason: error.message };
  }
}
