import { answerPlaces } from '../../data/batch/layout.js';
import type { Executable } from '../../engine/contract.js';
import type { Model } from '../../models/contract.js';
import { f32, i32, type Tensor } from '../../util/tensor.js';

type Tokens = ArrayLike<number>;

/** What a model answers: a text that it goes on with, or of an encoder–decoder one that its encoder reads. */
export interface Asked {
  readonly prompt: Tokens;
  /** What is read first: the prompt, or of an encoder–decoder how every answer begins. */
  readonly opening: Tokens;
}

/** A row of what was read last. */
interface HeldRow {
  /** Tokens in front of it that stand for nothing. */
  readonly padding: number;
  /** Which text of those asked it answers. */
  readonly source: number;
  /** For each token held its place in the answer, of a model that asks for it; 0 for padding. */
  readonly places: readonly number[] | null;
}

/**
 * A model with what it has read, asked for one token after the other, of one text or of several side by side (openings of several
 * lengths begin with padding, which nothing sees). A call costs the new tokens' work, and copies the keys and values of all in and
 * out of the engine (2 · layers · kvHeads · headSize · 4 bytes a token held and row). An encoder runs once.
 */
export class Decoder {
  readonly #executable: Executable;
  readonly #source: Readonly<Record<string, Tensor>>;
  #rows: readonly HeldRow[];
  #cache: Readonly<Record<string, Tensor>>;
  /** Tokens read so far in each row, padding counted. */
  #held = 0;

  private constructor(executable: Executable, { rows, source, cache }: { readonly rows: readonly HeldRow[]; readonly source: Readonly<Record<string, Tensor>>; readonly cache: Readonly<Record<string, Tensor>> }) {
    this.#executable = executable;
    this.#rows = rows;
    this.#source = source;
    this.#cache = cache;
  }

  /** The first rows to read are the openings, in this order. */
  static async begin(executable: Executable, model: Model, asked: readonly Asked[]): Promise<Decoder> {
    const longest = Math.max(...asked.map(({ opening }) => opening.length));
    const rows = asked.map(({ opening }, source): HeldRow => {
      const padding = longest - opening.length;
      const places = model.answerStartId === null ? null : [...new Array<number>(padding).fill(0), ...answerPlaces(Int32Array.from(opening), model.answerStartId)];
      return { padding, source, places };
    });
    return new Decoder(executable, { rows, source: model.encoderDecoder ? await encoded(executable, asked.map(({ prompt }) => prompt)) : {}, cache: emptyCache(model, rows.length) });
  }

  /** Scores [V] after each row of new tokens; a row goes on from the one of the call before that `after` says. */
  async read(rows: readonly Tokens[], after: readonly number[]): Promise<Float32Array[]> {
    const count = rows.length;
    const held = after.map((row) => this.#rows[row]);
    const { logits, ...present } = await this.#executable.run('forward', {
      ...tokenFeeds(rows, held, this.#held),
      ...taken(this.#source, held.map(({ source }) => source)),
      ...taken(this.#cache, after),
    });
    this.#rows = held.map((row) => ({ ...row, places: row.places && [...row.places, row.places[row.places.length - 1] + 1] }));
    this.#held += Math.max(...rows.map(({ length }) => length));
    this.#cache = renamed(present);
    const size = logits.data.length / count;
    return rows.map((_, row) => (logits as Tensor<'f32'>).data.slice(row * size, (row + 1) * size));
  }
}

/** What the decoder reads of each text at every step; shorter ones end with padding. */
async function encoded(executable: Executable, texts: readonly Tokens[]): Promise<Record<string, Tensor>> {
  const length = Math.max(...texts.map((text) => text.length));
  const filled = (value: (text: Tokens, at: number) => number): Tensor => i32([texts.length, length], texts.flatMap((text) => Array.from({ length }, (_, at) => (at < text.length ? value(text, at) : 0))));
  const source_segments = filled(() => 1);
  const cross = await executable.run('encode', { source_ids: filled((text, at) => text[at]), source_positions: filled((_, at) => at), source_segments });
  return { ...cross, source_segments };
}

/** T new tokens [B, T] behind `before` held ones. Padding is in segment 0, and all else in 1. */
function tokenFeeds(rows: readonly Tokens[], held: readonly HeldRow[], before: number): Record<string, Tensor> {
  const [B, T] = [rows.length, Math.max(...rows.map(({ length }) => length))];
  /** [B, T] or, of all keys, [B, before + T]: a value for each row and its place from the row's very beginning. */
  const filled = (from: number, value: (row: number, at: number) => number): Tensor => i32([B, before + T - from], rows.flatMap((_, row) => Array.from({ length: before + T - from }, (_, t) => value(row, from + t))));
  const segment = (row: number, at: number) => Number(at >= held[row].padding);
  const position = (row: number, at: number) => Math.max(0, at - held[row].padding);
  const place = (row: number, at: number) => held[row].places?.[at] ?? 0;
  return {
    input_ids: filled(before, (row, at) => rows[row][at - before - (T - rows[row].length)] ?? 0),
    positions: filled(before, position),
    segments: filled(before, segment),
    key_segments: filled(0, segment),
    ...(held[0].places === null ? { key_positions: filled(0, position) } : { blocks: filled(before, place), key_blocks: filled(0, place) }),
    last_rows: i32([B], rows.map((_, row) => row * T + T - 1)),
  };
}

/** Rows of every tensor by their numbers; the tensors themselves where these are all, in their order. */
function taken(tensors: Readonly<Record<string, Tensor>>, rows: readonly number[]): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, rowsOf(tensor, rows)]));
}

function rowsOf(tensor: Tensor, rows: readonly number[]): Tensor {
  const [count, ...rest] = tensor.shape;
  if (rows.length === count && rows.every((row, i) => row === i)) return tensor;
  const size = tensor.data.length / count;
  const result = tensor.dtype === 'i32' ? i32([rows.length, ...rest]) : f32([rows.length, ...rest]);
  rows.forEach((row, i) => result.data.set(tensor.data.subarray(row * size, (row + 1) * size), i * size));
  return result;
}

function emptyCache({ encoderDecoder, layerCount, keyValueHeads, headSize }: Model, rows: number): Record<string, Tensor> {
  const layers = Array.from({ length: encoderDecoder?.decoderLayers ?? layerCount }, (_, layer) => layer);
  return Object.fromEntries(layers.flatMap((layer) => ['key', 'value'].map((part) => [`past.${layer}.${part}`, f32([rows, keyValueHeads, 0, headSize])])));
}

/** This call's `present.*` is the next one's `past.*`. */
function renamed(present: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace(/^present\./, 'past.'), value]));
}
