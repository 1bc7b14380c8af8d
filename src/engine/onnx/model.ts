import type { Shape } from '../../graph/dims.js';
import type { DType, Fn, Node } from '../../graph/node.js';
import { nodesOf } from '../../graph/program.js';
import type { Device } from '../contract.js';
import { Emitter, type Value } from './emitter.js';
import { feedName, lowerings } from './lowering.js';
import { ordered } from './order.js';
import { elementType, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto } from './proto.js';

export const outputName = (name: string): Value => `output/${name}`;
export const updateName = (name: string): Value => `update/${name}`;

/** Opset 20 is the first with Gelu; nothing after it is needed. */
const opsetImport = [
  { domain: '', version: 20 },
  { domain: 'com.microsoft', version: 1 },
];

export interface LoweredFn {
  readonly model: ModelProto;
  /** Names of the variables that are inputs of the model, to be fed from the executable's memory. */
  readonly held: readonly string[];
}

/**
 * One function as an ONNX model. A variable for which `initializer` gives a tensor is part of the model;
 * the others are inputs of it, and an updated one comes back as an output.
 */
export function lowerFn(fn: Fn, device: Device, initializer: (variable: string) => TensorProto | null): LoweredFn {
  const e = new Emitter(device);
  for (const input of fn.inputs) e.learnSymbols(input, feedName(input.attrs.name));
  const values = new Map<Node, Value>();
  const initializers: TensorProto[] = [];
  const held: ValueInfoProto[] = [];
  const heldNames: string[] = [];
  for (const node of nodesOf(fn)) {
    const value = lower(e, node, node.inputs.map((input) => values.get(input)!));
    values.set(node, value);
    if (node.kind !== 'variable') continue;
    const { name } = node.attrs;
    const tensor = initializer(name);
    if (tensor !== null) {
      initializers.push({ ...tensor, name: value });
    } else {
      held.push(valueInfo(value, node));
      heldNames.push(name);
    }
  }

  const results = [
    ...Object.entries(fn.outputs).map(([name, node]) => ({ name: outputName(name), node })),
    ...Object.entries(fn.updates).map(([name, node]) => ({ name: updateName(name), node })),
  ].map(({ name, node }) => ({ name, node, value: values.get(node)! }));
  const node = named(e, results);
  return {
    held: heldNames,
    model: {
      irVersion: 10,
      producerName: 'workbench',
      opsetImport,
      graph: {
        name: fn.name,
        node: ordered(node, results.map(({ name }) => name), Object.keys(fn.outputs).map(outputName)),
        initializer: [...e.initializers, ...initializers],
        input: [...fn.inputs.map((input) => valueInfo(feedName(input.attrs.name), input)), ...held],
        output: results.map(({ name, node }) => valueInfo(name, node)),
      },
    },
  };
}

function lower<N extends Node>(e: Emitter, node: N, inputs: readonly Value[]): Value {
  const lowering = lowerings[node.kind] as (e: Emitter, node: N, inputs: readonly Value[]) => Value;
  return lowering(e, node, inputs);
}

/** Gives the results their names: that of the node's own output where it is free, else a copy's. */
function named(e: Emitter, results: readonly { name: string; value: Value }[]): NodeProto[] {
  const names = new Map<Value, string>();
  const copies: NodeProto[] = [];
  for (const { name, value } of results) {
    if (e.producer(value) !== undefined && !names.has(value)) names.set(value, name);
    else copies.push({ name, opType: 'Identity', domain: '', input: [value], output: [name], attribute: [] });
  }
  const renamed = (values: readonly Value[]): Value[] => values.map((value) => names.get(value) ?? value);
  return [...e.nodes, ...copies].map((node) => ({ ...node, input: renamed(node.input), output: renamed(node.output) }));
}

function valueInfo(name: string, { dtype, shape }: { dtype: DType; shape: Shape }): ValueInfoProto {
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: elementType[dtype], shape: { dim } } } };
}
