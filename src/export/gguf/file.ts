/**
 * GGUF files, version 3: facts by key, then tensors.
 * Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { writeAtomically } from '../../util/atomic.js';
import { sizeOf, type Tensor } from '../../util/tensor.js';
import { encodings, type ElementType } from './elements.js';

const magic = 0x46554747; // "GGUF"
const version = 3;
const alignment = 32;

const typeIds = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** A fact. Whole numbers are u32 unless they are marked otherwise. */
export type Fact =
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'f32s' | 'i32s'; readonly value: readonly number[] };

export const u32 = (value: number): Fact => ({ type: 'u32', value });
export const float = (value: number): Fact => ({ type: 'f32', value });
export const flag = (value: boolean): Fact => ({ type: 'bool', value });
export const word = (value: string): Fact => ({ type: 'string', value });

export interface TensorEntry {
  readonly name: string;
  /** Row-major, as everywhere here; the file lists it from the innermost on. */
  readonly shape: readonly number[];
  readonly element: ElementType;
  /** Asked for once, when its turn comes. */
  read(): Tensor<'f32'> | Promise<Tensor<'f32'>>;
}

/** Writes a file whole or not at all. */
export async function writeGguf(path: string, facts: Readonly<Record<string, Fact>>, tensors: readonly TensorEntry[]): Promise<void> {
  const head = new Bytes();
  head.u32(magic);
  head.u32(version);
  head.u64(tensors.length);
  head.u64(Object.keys(facts).length);
  for (const [key, fact] of Object.entries(facts)) {
    head.string(key);
    writeFact(head, fact);
  }
  let offset = 0;
  for (const { name, shape, element } of tensors) {
    head.string(name);
    head.u32(shape.length);
    for (const size of [...shape].reverse()) head.u64(size);
    head.u32(encodings[element].id);
    head.u64(offset);
    offset += aligned(encodings[element].bytesOf(sizeOf(shape)));
  }
  await writeAtomically(path, async (write) => {
    await write(padded(head.take()));
    for (const tensor of tensors) await write(padded(encodings[tensor.element].encode((await tensor.read()).data)));
  });
}

function writeFact(to: Bytes, fact: Fact): void {
  switch (fact.type) {
    case 'u32':
      to.u32(typeIds.u32);
      to.u32(fact.value);
      return;
    case 'f32':
      to.u32(typeIds.f32);
      to.f32(fact.value);
      return;
    case 'bool':
      to.u32(typeIds.bool);
      to.u8(Number(fact.value));
      return;
    case 'string':
      to.u32(typeIds.string);
      to.string(fact.value);
      return;
    case 'strings':
      writeList(to, typeIds.string, fact.value, (text) => to.string(text));
      return;
    case 'f32s':
      writeList(to, typeIds.f32, fact.value, (value) => to.f32(value));
      return;
    case 'i32s':
      writeList(to, typeIds.i32, fact.value, (value) => to.u32(value >>> 0));
  }
}

function writeList<T>(to: Bytes, type: number, values: readonly T[], write: (value: T) => void): void {
  to.u32(typeIds.array);
  to.u32(type);
  to.u64(values.length);
  values.forEach(write);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % alignment === 0) return bytes;
  const whole = new Uint8Array(aligned(bytes.length));
  whole.set(bytes);
  return whole;
}

/** Little-endian numbers and texts, one after the other. */
class Bytes {
  #buffer = Buffer.alloc(1 << 16);
  #length = 0;

  u8(value: number): void {
    const at = this.#room(1);
    this.#buffer.writeUInt8(value, at);
  }

  u32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeUInt32LE(value, at);
  }

  u64(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeBigUInt64LE(BigInt(value), at);
  }

  f32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeFloatLE(value, at);
  }

  string(text: string): void {
    const bytes = Buffer.from(text);
    this.u64(bytes.length);
    const at = this.#room(bytes.length);
    bytes.copy(this.#buffer, at);
  }

  take(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Where the next bytes go; the buffer may be another one after it. */
  #room(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], Math.max(this.#length, 2 * this.#buffer.length));
    return at;
  }
}
