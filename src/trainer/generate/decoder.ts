import { answerPlaces } from '../../data/batch/layout.js';
import type { Executable } from '../../engine/contract.js';
import type { Model } from '../../models/contract.js';
import { f32, i32, type Tensor } from '../../util/tensor.js';

/**
 * A model with what it has read, asked for one token after the other. A call costs the new tokens' work, and copies the keys and values
 * of all in and out of the engine (2 · layers · kvHeads · headSize · 4 bytes a token held and row). An encoder runs once.
 */
export class Decoder {
  readonly #executable: Executable;
  readonly #source: Readonly<Record<string, Tensor>>;
  /** For each token held its place in the answer, of a model that asks for it. */
  readonly #places: number[] | null;
  #cache: Readonly<Record<string, Tensor>>;
  /** Tokens read so far, in each row. */
  #held = 0;

  private constructor(executable: Executable, model: Model, { opening, source }: { readonly opening: readonly number[]; readonly source: Readonly<Record<string, Tensor>> }) {
    this.#executable = executable;
    this.#source = source;
    this.#places = model.answerStartId === null ? null : [...answerPlaces(Int32Array.from(opening), model.answerStartId)];
    this.#cache = emptyCache(model);
  }

  /** `opening` is what is read first: the prompt, or of an encoder–decoder, whose prompt the encoder reads, how every answer begins. */
  static async begin(executable: Executable, model: Model, { prompt, opening }: { readonly prompt: readonly number[]; readonly opening: readonly number[] }): Promise<Decoder> {
    return new Decoder(executable, model, { opening, source: model.encoderDecoder ? await encoded(executable, prompt) : {} });
  }

  /** Scores [V] after each row of new tokens; a row goes on from the one of the call before that `after` says. */
  async read(rows: readonly (readonly number[])[], after: readonly number[]): Promise<Float32Array[]> {
    const [count, fresh] = [rows.length, rows[0].length];
    const length = this.#held + fresh;
    const { logits, ...present } = await this.#executable.run('forward', {
      ...tokenFeeds(rows, this.#held),
      ...(this.#places ? placeFeeds(this.#places, this.#held, count) : { key_positions: repeated(Array.from({ length }, (_, t) => t), count) }),
      ...taken(this.#source, Array.from({ length: count }, () => 0)),
      ...taken(this.#cache, after),
    });
    this.#held = length;
    this.#places?.push(this.#places[length - 1] + 1);
    this.#cache = renamed(present);
    const size = logits.data.length / count;
    return rows.map((_, row) => (logits as Tensor<'f32'>).data.slice(row * size, (row + 1) * size));
  }
}

/** What the decoder reads of a text at every step. */
async function encoded(executable: Executable, text: readonly number[]): Promise<Record<string, Tensor>> {
  const shape = [1, text.length];
  const source_segments = i32(shape, new Int32Array(text.length).fill(1));
  const cross = await executable.run('encode', { source_ids: i32(shape, text), source_positions: i32(shape, [...text.keys()]), source_segments });
  return { ...cross, source_segments };
}

/** Of a model whose keys have their place in the answer, and need no other. */
function placeFeeds(places: readonly number[], held: number, rows: number): Record<string, Tensor> {
  return { blocks: repeated(places.slice(held), rows), key_blocks: repeated(places, rows) };
}

function tokenFeeds(rows: readonly (readonly number[])[], held: number): Record<string, Tensor> {
  const [B, T] = [rows.length, rows[0].length];
  return {
    input_ids: i32([B, T], rows.flat()),
    positions: repeated(rows[0].map((_, t) => held + t), B),
    segments: i32([B, T], new Int32Array(B * T).fill(1)),
    key_segments: i32([B, held + T], new Int32Array(B * (held + T)).fill(1)),
    last_rows: i32([B], rows.map((_, row) => row * T + T - 1)),
  };
}

/** [T] → [rows, T] */
function repeated(values: readonly number[], rows: number): Tensor<'i32'> {
  return i32([rows, values.length], Array.from({ length: rows }, () => values).flat());
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

function emptyCache({ encoderDecoder, layerCount, keyValueHeads, headSize }: Model): Record<string, Tensor> {
  const layers = Array.from({ length: encoderDecoder?.decoderLayers ?? layerCount }, (_, layer) => layer);
  return Object.fromEntries(layers.flatMap((layer) => ['key', 'value'].map((part) => [`past.${layer}.${part}`, f32([1, keyValueHeads, 0, headSize])])));
}

/** This call's `present.*` is the next one's `past.*`. */
function renamed(present: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace(/^present\./, 'past.'), value]));
}
