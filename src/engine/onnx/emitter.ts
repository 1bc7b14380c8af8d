import type { Dim, Shape } from '../../graph/dims.js';
import { termsOf } from '../../graph/dims.js';
import { isHalf, type DType, type NodeOf } from '../../graph/node.js';
import { narrowed } from '../../util/half.js';
import type { Device } from '../contract.js';
import { elementType, type AttributeProto, type ElementType, type NodeProto, type TensorProto } from './proto.js';

/** The name of a value in an ONNX graph. */
export type Value = string;

export type Attribute = Omit<AttributeProto, 'name'>;
export const float = (f: number): Attribute => ({ type: 1, f });
export const int = (i: number): Attribute => ({ type: 2, i });
export const text = (s: string): Attribute => ({ type: 3, s: new TextEncoder().encode(s) });
export const ints = (list: readonly number[]): Attribute => ({ type: 7, ints: list });

export interface OpOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** '' is the ONNX standard, 'com.microsoft' ONNX Runtime's own. */
  readonly domain?: '' | 'com.microsoft';
  /**
   * Not shared with the same op elsewhere; what it makes of weights alone first in the file: ONNX Runtime then runs it
   * right before its user (see order.ts), so that it is in memory for that one use.
   */
  readonly apart?: boolean;
}

/**
 * Collects the nodes of one ONNX graph. The same op on the same inputs is emitted once: the logits of the
 * loss and those of its gradient, written apart by two lowerings, are one computation.
 */
export class Emitter {
  readonly #body: NodeProto[] = [];
  readonly #apart: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly device: Device;
  /** What those at the begin of the file give. */
  readonly #first = new Set<Value>();
  readonly #emitted = new Map<string, Value>();
  readonly #producers = new Map<Value, NodeProto>();
  /** symbol → where a fed tensor shows its value */
  readonly #symbols = new Map<string, { value: Value; axis: number }>();

  constructor(device: Device) {
    this.device = device;
  }

  get nodes(): readonly NodeProto[] {
    return [...this.#apart, ...this.#body];
  }

  /** Makes the symbols of an input's shape computable. */
  learnSymbols(input: NodeOf<'input'>, value: Value): void {
    input.shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && /^[A-Za-z_]\w*$/.test(dim) && !this.#symbols.has(dim)) this.#symbols.set(dim, { value, axis });
    });
  }

  op(opType: string, inputs: readonly Value[], { attributes = {}, domain = '', apart = false }: OpOptions = {}): Value {
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...value }));
    const key = JSON.stringify([opType, domain, inputs, attribute]);
    const known = this.#emitted.get(key);
    if (known !== undefined && !apart) return known;
    const name = `${opType}_${this.#body.length + this.#apart.length}`;
    const node = { name, opType, domain, input: inputs, output: [name], attribute };
    const first = apart && inputs.every((value) => !this.#producers.has(value) || this.#first.has(value));
    (first ? this.#apart : this.#body).push(node);
    if (first) this.#first.add(name);
    this.#producers.set(name, node);
    if (!apart) this.#emitted.set(key, name);
    return name;
  }

  /** What is made of several nodes, once for a key. */
  once(key: string, make: () => Value): Value {
    const known = this.#emitted.get(key) ?? make();
    this.#emitted.set(key, known);
    return known;
  }

  /** The node that computes a value; undefined for inputs and initializers. */
  producer(value: Value): NodeProto | undefined {
    return this.#producers.get(value);
  }

  /** Values that are part of the program. */
  constant(values: readonly number[], dims: readonly number[], dtype: DType): Value {
    const data = isHalf(dtype) ? narrowed(dtype, values) : dtype === 'f32' ? Float32Array.from(values) : dtype === 'i32' ? Int32Array.from(values) : Uint8Array.from(values);
    return this.#initializer(new Uint8Array(data.buffer), dims, elementType[dtype]);
  }

  scalar(value: number): Value {
    return this.constant([value], [], 'f32');
  }

  /** An int64 vector, the type of shapes, axes and bounds. */
  int64s(values: readonly number[]): Value {
    return this.#initializer(new Uint8Array(BigInt64Array.from(values, BigInt).buffer), [values.length], elementType.i64);
  }

  /** A shape as an int64 vector, computed from the fed tensors where it has symbols. */
  shape(shape: Shape): Value {
    if (shape.every((dim) => typeof dim === 'number')) return this.int64s(shape);
    return this.op('Concat', shape.map((dim) => this.dim(dim)), { attributes: { axis: int(0) } });
  }

  /** A dimension as an int64 vector of one element. */
  dim(dim: Dim): Value {
    const terms = termsOf(dim).map(([coefficient, symbols]) => {
      const factors = symbols.map((symbol) => this.#symbol(symbol));
      if (coefficient !== 1 || factors.length === 0) factors.unshift(this.int64s([coefficient]));
      return factors.reduce((a, b) => this.op('Mul', [a, b]));
    });
    return terms.reduce((a, b) => this.op('Add', [a, b]));
  }

  #symbol(symbol: string): Value {
    const source = this.#symbols.get(symbol);
    if (source === undefined) throw new Error(`no input of the function shows the value of the symbol ${symbol}`);
    return this.op('Shape', [source.value], { attributes: { start: int(source.axis), end: int(source.axis + 1) } });
  }

  #initializer(rawData: Uint8Array, dims: readonly number[], dataType: ElementType): Value {
    const key = `${dataType}:${dims.join()}:${Buffer.from(rawData).toString('base64')}`;
    const known = this.#emitted.get(key);
    if (known !== undefined) return known;
    const name = `constant_${this.initializers.length}`;
    this.initializers.push({ name, dataType, dims, rawData });
    this.#emitted.set(key, name);
    return name;
  }
}
