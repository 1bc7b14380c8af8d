import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { InitialValue, Variable } from '../../graph/node.js';
import { UserError } from '../../util/errors.js';
import { formatBytes } from '../../util/format.js';
import { bytesOf, sizeOf, type Tensor } from '../../util/tensor.js';
import { elementType, type TensorProto } from './proto.js';

/** Vector loads like their rows on cache lines. */
const ALIGNMENT = 64;
const FILE_NAME = 'weights.bin';

/**
 * The variables that nothing updates, in a file beside the models of a program, from which each session fills the memory
 * of its device.
 */
export class WeightFile {
  readonly bytes: number;
  readonly #path: string;
  readonly #entries: ReadonlyMap<string, { variable: Variable; offset: number; length: number }>;

  private constructor(path: string, variables: readonly Variable[]) {
    this.#path = path;
    let offset = 0;
    this.#entries = new Map(
      variables.map((variable) => {
        const length = byteLength(variable);
        const entry = { variable, offset, length };
        offset += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
        return [variable.name, entry];
      }),
    );
    this.bytes = [...this.#entries.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Writes the first values, one variable in memory at a time. */
  static async create(folder: string, variables: readonly Variable[], initial: InitialValue): Promise<WeightFile> {
    const file = new WeightFile(join(folder, FILE_NAME), variables);
    const handle = await open(file.#path, 'w');
    try {
      for (const { variable, offset } of file.#entries.values()) await handle.write(viewOf(initial(variable)), 0, null, offset);
    } catch (error) {
      if (!isFull(error)) throw error;
      throw new UserError(`${folder} has no room for the ${formatBytes(file.bytes)} of weights that the engine keeps there; free some, or set WORKBENCH_HOME to a folder on a larger disk.`, { cause: error });
    } finally {
      await handle.close();
    }
    return file;
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The weight as a tensor of a model in the same folder; null if it is not in the file. */
  initializer(name: string): TensorProto | null {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    const { variable, offset, length } = entry;
    const place = { location: FILE_NAME, offset: String(offset), length: String(length) };
    const externalData = Object.entries(place).map(([key, value]) => ({ key, value }));
    return { name, dataType: elementType[variable.dtype], dims: variable.shape, dataLocation: 1, externalData };
  }

  async read(name: string, into: Tensor): Promise<void> {
    const handle = await open(this.#path, 'r');
    try {
      const bytes = viewOf(into);
      await handle.read(bytes, 0, bytes.byteLength, this.#entries.get(name)!.offset);
    } finally {
      await handle.close();
    }
  }

  /** No session may be open meanwhile. */
  async write(name: string, value: Tensor): Promise<void> {
    const handle = await open(this.#path, 'r+');
    try {
      await handle.write(viewOf(value), 0, null, this.#entries.get(name)!.offset);
    } finally {
      await handle.close();
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

export function byteLength({ dtype, shape }: Pick<Variable, 'dtype' | 'shape'>): number {
  return sizeOf(shape) * bytesOf[dtype];
}

function viewOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
