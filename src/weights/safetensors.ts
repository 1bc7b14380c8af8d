import { fstatSync } from 'node:fs';
import { sizeOf, u8, type HostDType, type Tensor } from '../util/tensor.js';
import { writeAtomically } from '../util/atomic.js';
import { narrowings } from './dtype.js';
import { readElements, readerAt, withFile } from './file.js';
import { readHeader, type TensorEntry } from './header.js';

export interface TensorInfo {
  /** As the file names it: F32, BF16, F16, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** Named tensors on disk, read one at a time. */
export interface Weights {
  /** What errors name: a file or a folder. */
  readonly path: string;
  readonly names: readonly string[];
  /** Throws where there is no such tensor. */
  info(name: string): TensorInfo;
  /** The values as f32; F32, F16 and BF16 can be read. */
  read(name: string): Tensor<'f32'>;
}

/** One file. Its header is checked when it is opened; no descriptor stays open. */
export class SafetensorsFile implements Weights {
  readonly path: string;
  readonly #entries: ReadonlyMap<string, TensorEntry>;

  private constructor(path: string, entries: ReadonlyMap<string, TensorEntry>) {
    this.path = path;
    this.#entries = entries;
  }

  /** Throws a UserError where the file cannot be read, is truncated or damaged. */
  static open(path: string): SafetensorsFile {
    return withFile(path, (fd) => new SafetensorsFile(path, readHeader(path, fstatSync(fd).size, readerAt(fd))));
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  info(name: string): TensorInfo {
    return this.#entry(name);
  }

  read(name: string): Tensor<'f32'> {
    const { dtype, shape, start } = this.#entry(name);
    const data = new Float32Array(sizeOf(shape));
    readElements(this.path, { name, dtype, start }, data);
    return { dtype: 'f32', shape, data };
  }

  /** Bytes as they are: U8. */
  readBytes(name: string): Tensor<'u8'> {
    const { dtype, shape, start } = this.#entry(name);
    if (dtype !== 'U8') throw new Error(`${name} in ${this.path} is ${dtype} where U8 was written`);
    return u8(shape, withFile(this.path, (fd) => readerAt(fd)(start, sizeOf(shape))));
  }

  #entry(name: string): TensorEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`${this.path} has no tensor ${name}`);
    return entry;
  }
}

export interface WriteOptions {
  /** How f32 values are stored; f32 if not given. */
  readonly type?: keyof typeof narrowings;
  /** Texts in the header; `format: pt` is what Transformers looks for. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes tensors, f32 or u8 as each says of itself, in the order given, asked for one at a time. The file appears whole
 * or not at all: it is written under a temporary name, synced and renamed.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype?: HostDType }[],
  read: (name: string) => Tensor | Promise<Tensor>,
  { type = 'f32', metadata = { format: 'pt' } }: WriteOptions = {},
): Promise<void> {
  let end = 0;
  const asBytes = { name: 'U8', bytes: 1 };
  const entries = tensors.map(({ name, shape, dtype: given }) => {
    const { name: dtype, bytes } = given === 'u8' ? asBytes : narrowings[type];
    return [name, { dtype, shape, data_offsets: [end, (end += bytes * sizeOf(shape))] }] as const;
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const header = Buffer.alloc(8 + 8 * Math.ceil(json.length / 8), ' '); // tensors begin at a multiple of 8
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);

  await writeAtomically(path, async (write) => {
    await write(header);
    for (const { name, shape, dtype = 'f32' } of tensors) {
      const tensor = await read(name);
      const { shape: given } = tensor;
      if (tensor.dtype !== dtype) throw new Error(`${name} is ${tensor.dtype} where ${dtype} was announced`);
      if (given.join() !== shape.join()) throw new Error(`${name} is [${given.join(', ')}] where [${shape.join(', ')}] was announced`);
      await write(tensor.dtype === 'f32' ? narrowings[type].narrow(tensor.data) : new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
    }
  });
}
