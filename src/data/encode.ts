/** Rows to token ids, whole, before anything is cut or held out. */
import { UserError } from '../util/errors.js';
import { Faults } from './faults.js';
import { Growing } from './growing.js';
import { labelCount, type Sources, type TokenStore } from './rows.js';
import { isRejected, type RejectedRow, type SourceRow } from './source/row.js';
import { type Example, type Piece, UnusableRow } from './template/example.js';
import type { RowTemplate } from './template/formats.js';
import type { Tokenizer } from './tokenizer/index.js';

/** Encoded rows one after the other: row i is `[starts[i], starts[i + 1])` of the store. */
export interface EncodedDocuments extends TokenStore, Sources {
  readonly rejected: readonly RejectedRow[];
}

export interface EncodeSettings {
  readonly tokenizer: Tokenizer;
  readonly template: RowTemplate;
  /** Learn every token, and end every document with the end token (stage `pretrain`). */
  readonly everyToken: boolean;
  /** Stop after so many usable rows. */
  readonly maxRows: number | null;
}

/** Text held before it is tokenised, in UTF-16 units: a few batches of the tokenizer. */
const heldUnits = 1 << 21;

/** Reads, templates and tokenises; throws UserError when not one row can be used. */
export async function encodeRows(files: readonly string[], rows: AsyncIterable<SourceRow | RejectedRow>, settings: EncodeSettings): Promise<EncodedDocuments> {
  const { tokenizer, template, everyToken, maxRows } = settings;
  const tokens = new Growing(Int32Array);
  const trained = new Growing(Uint8Array);
  const starts = new Growing(Float64Array);
  const fileOf = new Growing(Uint32Array);
  const lineOf = new Growing(Uint32Array);
  const faults = new Faults();
  let held: { readonly row: SourceRow; readonly example: Example }[] = [];
  let units = 0;

  starts.push([0]);
  const flush = async (): Promise<void> => {
    const encoded = await encodeExamples(held.map(({ example }) => (everyToken ? asDocument(example) : example)), tokenizer);
    for (const [i, document] of encoded.entries()) {
      const { row } = held[i];
      if (labelCount(document, { start: 0, count: document.tokens.length }) === 0) {
        faults.add({ ...placeOf(row), reason: 'it has no tokens to learn' });
        continue;
      }
      tokens.push(document.tokens);
      trained.push(document.trained);
      starts.push([tokens.length]);
      fileOf.push([files.indexOf(row.file)]);
      lineOf.push([row.line]);
    }
    held = [];
    units = 0;
  };

  for await (const row of rows) {
    if (isRejected(row)) {
      faults.add(row);
      continue;
    }
    faults.seen(row);
    try {
      const example = template(row.value);
      held.push({ row, example });
      units += example.pieces.reduce((sum, piece) => sum + ('text' in piece ? piece.text.length : 1), 0);
    } catch (error) {
      if (!(error instanceof UnusableRow)) throw error;
      faults.add({ ...placeOf(row), reason: error.message }, error.missingColumn);
    }
    if (units >= heldUnits) await flush();
    if (maxRows !== null && lineOf.length + held.length >= maxRows) {
      await flush();
      if (lineOf.length >= maxRows) break;
    }
  }
  await flush();
  if (lineOf.length === 0) throw faults.error(files);
  return { tokens: tokens.take(), trained: trained.take(), starts: starts.take(), fileOf: fileOf.take(), lineOf: lineOf.take(), files, rejected: faults.rows };
}

/** The same text as a document to learn whole, closed by the end token. */
function asDocument(example: Example): Example {
  const pieces = example.pieces.filter((piece, i) => !(i === example.pieces.length - 1 && 'mark' in piece)).map((piece): Piece => ({ ...piece, trained: true }));
  return { ...example, pieces: [...pieces, { mark: 'end', trained: true }] };
}

interface Encoded extends TokenStore {
  readonly tokens: Int32Array;
}

async function encodeExamples(examples: readonly Example[], tokenizer: Tokenizer): Promise<Encoded[]> {
  const apart = await tokenizer.encodeBatch(examples.flatMap(({ joined, pieces }) => (joined ? [] : pieces.flatMap((piece) => ('text' in piece ? [piece.text] : [])))), { special: false });
  const whole = await tokenizer.locateBatch(examples.filter(({ joined }) => joined).map(textOf));
  let nextApart = 0;
  let nextWhole = 0;
  return examples.map((example) => {
    const parts: { readonly ids: ArrayLike<number>; readonly trained: boolean | Uint8Array }[] = [];
    if (example.joined) {
      const located = whole[nextWhole++];
      parts.push({ ids: located.ids, trained: overlaps(example.pieces, located) });
    }
    for (const piece of example.pieces) {
      if ('mark' in piece) parts.push({ ids: markIds(piece.mark, tokenizer), trained: piece.trained });
      else if (!example.joined) parts.push({ ids: apart[nextApart++], trained: piece.trained });
    }
    const length = parts.reduce((sum, { ids }) => sum + ids.length, 0);
    const encoded = { tokens: new Int32Array(length), trained: new Uint8Array(length) };
    let at = 0;
    for (const { ids, trained } of parts) {
      encoded.tokens.set(ids, at);
      if (typeof trained === 'boolean') encoded.trained.fill(Number(trained), at, at + ids.length);
      else encoded.trained.set(trained, at);
      at += ids.length;
    }
    return encoded;
  });
}

function textOf({ pieces }: Example): string {
  return pieces.map((piece) => ('text' in piece ? piece.text : '')).join('');
}

/** 1 for each token that shares a character with a trained piece. */
function overlaps(pieces: readonly Piece[], { starts, ends }: { readonly starts: Int32Array; readonly ends: Int32Array }): Uint8Array {
  const trained = new Uint8Array(starts.length);
  let from = 0;
  for (const piece of pieces) {
    if (!('text' in piece)) continue;
    const to = from + piece.text.length;
    if (piece.trained) for (let i = 0; i < starts.length; i++) if (starts[i] < to && ends[i] > from) trained[i] = 1;
    from = to;
  }
  return trained;
}

function markIds(mark: 'prefix' | 'suffix' | 'end', tokenizer: Tokenizer): readonly number[] {
  if (mark !== 'end') return tokenizer[mark];
  if (tokenizer.eosId === null) throw new UserError('the tokenizer names no end token, so a model could not learn to stop; set eos_token in its tokenizer_config.json');
  return [tokenizer.eosId];
}

function placeOf({ file, line }: SourceRow): { file: string; line: number } {
  return { file, line };
}
