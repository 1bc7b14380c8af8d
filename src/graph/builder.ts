import { messageOf } from '../util/errors.js';
import { sizeOf } from '../util/tensor.js';
import { printShape, sameShape, type Dim, type Shape } from './dims.js';
import type { Attributes, DType, Node, NodeOf, OpKind } from './node.js';
import { isLeaf, shapeRules, type DerivedKind, type Leaf, type Typed } from './shapes.js';

/**
 * Makes nodes. Building runs nothing; the same op on the same inputs is the same node, so a gradient that
 * needs a forward value again shares it without having to ask.
 */
export class Builder {
  readonly #known = new Map<string, Node>();
  #next = 0;

  input(name: string, shape: Shape, dtype: DType = 'f32'): NodeOf<'input'> {
    return this.#leaf('input', { name }, { shape, dtype });
  }

  variable(name: string, shape: readonly number[], dtype: DType = 'f32'): NodeOf<'variable'> {
    return this.#leaf('variable', { name }, { shape, dtype });
  }

  /** Small values that are part of the program; throws where their number is not that of the shape. */
  constant(values: number | readonly number[], shape: readonly number[] = [], dtype: DType = 'f32'): NodeOf<'constant'> {
    const list = typeof values === 'number' ? [values] : values;
    if (list.length !== sizeOf(shape)) throw new Error(`constant of shape ${printShape(shape)} given ${list.length} values`);
    return this.#leaf('constant', { values: list }, { shape, dtype });
  }

  /** Any op but a leaf; throws with the op and the shapes it was given. */
  op<K extends DerivedKind>(kind: K, inputs: readonly Node[], attrs: Attributes[K]): NodeOf<K> {
    const key = `${kind} ${inputs.map((x) => x.id).join()} ${JSON.stringify(attrs)}`;
    return this.#node(key, { kind, attrs, inputs }, () => {
      try {
        return shapeRules[kind](inputs, attrs);
      } catch (cause) {
        throw new Error(`${kind}: ${messageOf(cause)}`, { cause });
      }
    });
  }

  /** The same op on other inputs; the node itself where they are the same, or where it has none. */
  rebuild(node: Node, inputs: readonly Node[]): Node {
    if (isLeaf(node) || inputs.every((input, i) => input === node.inputs[i])) return node;
    return this.op<DerivedKind>(node.kind, inputs, node.attrs) as Node;
  }

  add(a: Node, b: Node | number): Node {
    return this.op('add', [a, this.#number(b, a.dtype)], {});
  }
  sub(a: Node, b: Node | number): Node {
    return this.op('sub', [a, this.#number(b, a.dtype)], {});
  }
  mul(a: Node, b: Node | number): Node {
    return this.op('mul', [a, this.#number(b, a.dtype)], {});
  }
  div(a: Node, b: Node | number): Node {
    return this.op('div', [a, this.#number(b, a.dtype)], {});
  }
  neg(x: Node): Node {
    return this.op('neg', [x], {});
  }
  sqrt(x: Node): Node {
    return this.op('sqrt', [x], {});
  }
  square(x: Node): Node {
    return this.op('mul', [x, x], {});
  }
  where(condition: Node, a: Node, b: Node | number): Node {
    return this.op('where', [condition, a, this.#number(b, a.dtype)], {});
  }
  cast(x: Node, to: DType): Node {
    return x.dtype === to ? x : this.op('cast', [x], { to });
  }
  reshape(x: Node, shape: readonly Dim[]): Node {
    return sameShape(x.shape, shape) ? x : this.op('reshape', [x], { shape });
  }
  transpose(x: Node, perm: readonly number[]): Node {
    return this.op('transpose', [x], { perm });
  }
  broadcast(x: Node, shape: Shape): Node {
    return sameShape(x.shape, shape) ? x : this.op('broadcast', [x], { shape });
  }
  slice(x: Node, axis: number, start: number, end: number): Node {
    return this.op('slice', [x], { axis, start, end });
  }
  concat(inputs: readonly Node[], axis: number): Node {
    return inputs.length === 1 ? inputs[0] : this.op('concat', inputs, { axis });
  }
  sum(x: Node, axes: readonly number[], keepDims = false): Node {
    return this.op('reduceSum', [x], { axes, keepDims });
  }
  linear(x: Node, w: Node, { bias, transposeW = false }: { bias?: Node; transposeW?: boolean } = {}): Node {
    return this.op('linear', bias ? [x, w, bias] : [x, w], { transposeW });
  }
  matmul(a: Node, b: Node, { transposeA = false, transposeB = false } = {}): Node {
    return this.op('matmul', [a, b], { transposeA, transposeB });
  }
  softmax(x: Node): Node {
    return this.op('softmax', [x], {});
  }
  gatherRows(table: Node, rows: Node): Node {
    return this.op('gatherRows', [table, rows], {});
  }

  #number(value: Node | number, dtype: DType): Node {
    return typeof value === 'number' ? this.constant(value, [], dtype) : value;
  }

  #leaf<K extends Leaf>(kind: K, attrs: Attributes[K], typed: Typed): NodeOf<K> {
    const spelled = Object.values<string | readonly number[]>(attrs).map(spell);
    return this.#node(`${kind} ${spelled} ${typed.dtype} ${printShape(typed.shape)}`, { kind, attrs, inputs: [] }, () => typed);
  }

  #node<K extends OpKind>(key: string, { kind, attrs, inputs }: Pick<NodeOf<K>, 'kind' | 'attrs' | 'inputs'>, type: () => Typed): NodeOf<K> {
    const known = this.#known.get(key);
    if (known !== undefined) return known as NodeOf<K>;
    const { shape, dtype } = type();
    Object.freeze(attrs);
    const node: NodeOf<K> = Object.freeze({ id: this.#next++, kind, attrs, inputs: Object.freeze([...inputs]), shape, dtype });
    this.#known.set(key, node as Node);
    return node;
  }
}

/** Unlike JSON, keeps NaN, ±Infinity and −0 apart: constants that differ must not be one node. */
function spell(value: string | readonly number[]): string {
  return typeof value === 'string' ? JSON.stringify(value) : value.map((x) => (Object.is(x, -0) ? '-0' : String(x))).join();
}
