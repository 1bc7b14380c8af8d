import { evaluateShape, type Bindings } from '../../graph/dims.js';
import type { Fn, Node, NodeOf, OpKind } from '../../graph/node.js';
import { nodesOf } from '../../graph/program.js';
import { isLeaf } from '../../graph/shapes.js';
import { elementwiseKernels } from './elementwise.js';
import { fieldKernels } from './field.js';
import { productKernels } from './products.js';
import { shapeKernels } from './shape.js';
import { settle, zeros, type Kernel, type Kernels, type Precision, type Value } from './value.js';

/** What a function runs on: the leaves' values by name. */
export interface Environment {
  readonly bindings: Bindings;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly variables: ReadonlyMap<string, Value>;
  readonly precision: Precision;
}

type DerivedKernels = Kernels<Exclude<OpKind, 'input' | 'variable' | 'constant'>>;

/** Every op, as plain loops over the formula. */
export const kernels: DerivedKernels = { ...elementwiseKernels, ...shapeKernels, ...productKernels, ...fieldKernels };

/** The values of a function's outputs and updates, one op after the other. Leaves come back as they are, uncopied. */
export function evaluate(fn: Fn, environment: Environment): (node: Node) => Value {
  const values = new Map<Node, Value>();
  for (const node of nodesOf(fn)) {
    const value = isLeaf(node) ? leaf(node, environment) : run(node, node.inputs.map((input) => values.get(input)!), environment);
    values.set(node, value);
  }
  return (node) => values.get(node)!;
}

function leaf(node: NodeOf<'input'> | NodeOf<'variable'> | NodeOf<'constant'>, { bindings, inputs, variables, precision }: Environment): Value {
  switch (node.kind) {
    case 'input':
      return inputs.get(node.attrs.name)!;
    case 'variable':
      return variables.get(node.attrs.name)!;
    case 'constant': {
      const value = zeros(evaluateShape(node.shape, bindings), node.dtype, precision);
      value.data.set(node.attrs.values);
      settle(value, node.dtype, precision);
      return value;
    }
  }
}

function run<K extends keyof DerivedKernels>(node: NodeOf<K>, inputs: readonly Value[], { bindings, precision }: Environment): Value {
  const out = zeros(evaluateShape(node.shape, bindings), node.dtype, precision);
  const kernel: Kernel<K> = kernels[node.kind];
  kernel(node, inputs, out, precision);
  settle(out, node.dtype, precision);
  return out;
}
