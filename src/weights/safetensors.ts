import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf, UserError } from '../util/errors.js';
import { sizeOf, type Tensor } from '../util/tensor.js';
import { writeAtomically } from '../util/atomic.js';
import { widenings } from './dtype.js';
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

/** Elements widened at a time: 16-bit weights never stand in memory twice. */
const chunk = 1 << 20;

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
    return withFile(path, (fd) => {
      const readAt = (position: number, length: number) => {
        const bytes = Buffer.alloc(length);
        return bytes.subarray(0, readFully(fd, bytes, position));
      };
      return new SafetensorsFile(path, readHeader(path, fstatSync(fd).size, readAt));
    });
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  info(name: string): TensorInfo {
    return this.#entry(name);
  }

  read(name: string): Tensor<'f32'> {
    const { dtype, shape, start, bytes } = this.#entry(name);
    const data = new Float32Array(sizeOf(shape));
    withFile(this.path, (fd) => {
      if (dtype === 'F32') return this.#fill(fd, new Uint8Array(data.buffer), start);
      if (!Object.hasOwn(widenings, dtype)) throw new UserError(`${name} in ${this.path} is stored as ${dtype}; F32, F16 and BF16 can be read.`);
      const bits = new Uint16Array(Math.min(chunk, bytes / 2));
      for (let done = 0; done < data.length; done += bits.length) {
        const part = bits.subarray(0, Math.min(bits.length, data.length - done));
        this.#fill(fd, new Uint8Array(part.buffer, 0, part.byteLength), start + 2 * done);
        widenings[dtype](part, data.subarray(done, done + part.length));
      }
    });
    return { dtype: 'f32', shape, data };
  }

  #fill(fd: number, into: Uint8Array, position: number): void {
    if (readFully(fd, into, position) < into.length) throw new UserError(`${this.path} has become shorter since it was opened; fetch it again.`);
  }

  #entry(name: string): TensorEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`${this.path} has no tensor ${name}`);
    return entry;
  }
}

/**
 * Writes f32 tensors in the order given, asked for one at a time. The file appears whole or not at all: it is
 * written under a temporary name, synced and renamed. `metadata` are strings; `format: pt` is what Transformers
 * looks for.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  read: (name: string) => Tensor<'f32'> | Promise<Tensor<'f32'>>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  let end = 0;
  const entries = tensors.map(({ name, shape }) => [name, { dtype: 'F32', shape, data_offsets: [end, (end += 4 * sizeOf(shape))] }] as const);
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const header = Buffer.alloc(8 + 8 * Math.ceil(json.length / 8), ' '); // tensors begin at a multiple of 8
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);

  await writeAtomically(path, async (write) => {
    await write(header);
    for (const { name, shape } of tensors) {
      const { data, shape: given } = await read(name);
      if (given.join() !== shape.join()) throw new Error(`${name} is [${given.join(', ')}] where [${shape.join(', ')}] was announced`);
      await write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new UserError(`${path} cannot be read (${messageOf(cause)}); check the path and its permissions.`, { cause });
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Bytes read: all of `into`, or as many as the file has from there. */
function readFully(fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(fd, into, done, Math.min(into.length - done, 1 << 30), position + done); // a call reads under 2 GiB
    if (count === 0) break;
    done += count;
  }
  return done;
}
