import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { DType, Variable } from '../../graph/node.js';
import { sizeOf, type Tensor } from '../../util/tensor.js';
import { allocating } from './errors.js';
import type { Stretch } from './slabs.js';
import { byteLength } from './weights.js';

/** A tensor over the same memory, in ONNX Runtime's words. */
export function toOrt({ dtype, shape, data }: Tensor): OrtTensor {
  switch (dtype) {
    case 'f32':
      return new OrtTensor('float32', data, shape);
    case 'i32':
      return new OrtTensor('int32', data, shape);
    case 'bool':
      return new OrtTensor('bool', data, shape);
    case 'u8':
      return new OrtTensor('uint8', data, shape);
    case 'f16':
      return new OrtTensor('float16', data, shape);
    case 'bf16':
      return new OrtTensor('uint16', data, shape); // the binding has no name for it: the model takes the bits
  }
}

/** A result in memory of its own. */
export function fromOrt({ data, dims, type }: OrtTensor): Tensor {
  if (data instanceof Float32Array) return { dtype: 'f32', shape: dims, data };
  if (data instanceof Int32Array) return { dtype: 'i32', shape: dims, data };
  if (data instanceof Uint8Array) return { dtype: type === 'uint8' ? 'u8' : 'bool', shape: dims, data };
  throw new Error('ONNX Runtime gave a result of a type that no function has');
}

export function emptyTensor({ dtype, shape }: { dtype: DType; shape: readonly number[] }): Tensor {
  const buffer = allocating(() => new ArrayBuffer(byteLength({ dtype, shape })));
  switch (dtype) {
    case 'f32':
      return { dtype, shape, data: new Float32Array(buffer) };
    case 'i32':
      return { dtype, shape, data: new Int32Array(buffer) };
    case 'bool':
    case 'u8':
      return { dtype, shape, data: new Uint8Array(buffer) };
    case 'f16':
    case 'bf16':
      return { dtype, shape, data: new Uint16Array(buffer) };
  }
}

/**
 * Variables in host memory: those that functions update, and others that are only read. A run writes an updated variable's new
 * value into a spare tensor of its type and shape, and the two change places when all of them have been computed, or it
 * writes some elements where the old ones were. Memory is taken by `get` and `lend` and by nothing else.
 * What is all zeros, as gradients are between an update and the next step, takes none.
 */
export class VariableMemory {
  readonly bytes: number;
  readonly #values: Map<string, Tensor>;
  /** What is all zeros and not in `#values`. */
  readonly #zeros: Map<string, Pick<Variable, 'dtype' | 'shape'>>;
  readonly #spares = new Map<string, Tensor[]>();
  /** Whose memory came from outside and must not be written to. */
  readonly #borrowed: Set<string>;

  /** What is only read stays in the memory that it came in, so that reading a model leaves nothing behind. */
  constructor({ changing, fixed }: { readonly changing: readonly Variable[]; readonly fixed: readonly Variable[] }, initial: (variable: Variable) => Tensor) {
    this.bytes = [...changing, ...fixed].reduce((sum, variable) => sum + byteLength(variable), 0);
    this.#values = new Map(fixed.map((variable) => [variable.name, initial(variable)]));
    this.#zeros = new Map();
    for (const variable of changing) {
      const value = initial(variable);
      if (isZero(value)) this.#zeros.set(variable.name, variable);
      else this.#values.set(variable.name, copied(value));
    }
    this.#borrowed = new Set(fixed.map(({ name }) => name));
  }

  /** Its memory, which zeros get here. */
  get(name: string): Tensor | undefined {
    const zero = this.#zeros.get(name);
    if (zero !== undefined) {
      this.#values.set(name, emptyTensor(zero));
      this.#zeros.delete(name);
    }
    return this.#values.get(name);
  }

  set(name: string, value: Tensor): void {
    if (this.#borrowed.delete(name)) this.#values.set(name, copied(value));
    else this.get(name)!.data.set(value.data);
  }

  /** Adds to what is there; the memory of `value` is the variable's from then on, or of no use any more. */
  add(name: string, value: Tensor): void {
    if (this.#zeros.delete(name)) {
      this.#values.set(name, value);
      return;
    }
    const { data } = this.#values.get(name)!;
    for (let i = 0; i < data.length; i++) data[i] += value.data[i];
    discard(value);
  }

  /** Some elements, in the variable's own memory. */
  stretch({ variable, start, shape }: Stretch): Tensor {
    const { dtype, data } = this.get(variable)!;
    return { dtype, shape, data: data.subarray(start, start + sizeOf(shape)) } as Tensor;
  }

  setStretch({ variable, start }: Stretch, { data }: Tensor): void {
    this.get(variable)!.data.set(data, start);
  }

  /** Tensors to receive new values of the variables; give them back by `commit` or `release`. */
  lend(names: readonly string[]): Map<string, Tensor> {
    return new Map(
      names.map((name) => {
        const value = this.get(name)!;
        return [name, this.#spares.get(kindOf(value))?.pop() ?? emptyTensor(value)];
      }),
    );
  }

  commit(lent: ReadonlyMap<string, Tensor>): void {
    for (const [name, value] of lent) {
      this.#spare(this.#values.get(name)!);
      this.#values.set(name, value);
    }
  }

  release(lent: ReadonlyMap<string, Tensor>): void {
    for (const value of lent.values()) this.#spare(value);
  }

  fill(values: ReadonlyMap<string, number>): void {
    for (const [name, value] of values) {
      if (value !== 0) {
        this.get(name)!.data.fill(value);
        continue;
      }
      const held = this.#values.get(name);
      if (held === undefined) continue;
      this.#values.delete(name);
      this.#zeros.set(name, { dtype: held.dtype, shape: held.shape });
      discard(held);
    }
  }

  clear(): void {
    this.#values.clear();
    this.#zeros.clear();
    this.#spares.clear();
  }

  #spare(value: Tensor): void {
    const kind = kindOf(value);
    const spares = this.#spares.get(kind);
    if (spares === undefined) this.#spares.set(kind, [value]);
    else spares.push(value);
  }
}

/**
 * Frees memory that nobody reads any more now. ONNX Runtime's binding gives a copy of every output, also of one that it was
 * given the place for; for gradients of a whole model, waiting for the garbage collector costs gigabytes.
 */
export function discard({ data }: Pick<OrtTensor, 'data'> | Pick<Tensor, 'data'>): void {
  if (!(data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)) return;
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(null, [data.buffer as ArrayBuffer]); // moved to a port that nobody reads
  port1.close();
}

export function copied(value: Tensor): Tensor {
  return { ...value, data: allocating(() => value.data.slice()) } as Tensor;
}

function isZero({ data }: Tensor): boolean {
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) return false;
  return true;
}

function kindOf({ dtype, shape }: Tensor): string {
  return `${dtype}[${shape.join()}]`;
}
