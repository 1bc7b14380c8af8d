import type { Shape } from '../../graph/dims.js';
import type { Fn, Node, NodeOf, OpKind } from '../../graph/node.js';
import { nodesOf } from '../../graph/program.js';
import type { Device } from '../contract.js';
import { Emitter, type Value } from './emitter.js';
import { fromBits, inItsTypes } from './half.js';
import { feedName, lowerings } from './lowering.js';
import { ordered } from './order.js';
import { elementType, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto } from './proto.js';

export const outputName = (name: string): Value => `output/${name}`;
export const updateName = (name: string): Value => `update/${name}`;

/** Opset 20 is the first with Gelu, 26 the first with BitCast; nothing else after it is needed. */
const plain = { opset: 20, irVersion: 10 };
const withBitCast = { opset: 26, irVersion: 13 };

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
  /** Those of bfloat16, which the binding has no name for. */
  const fedAsBits = new Set<Node>();
  const valueOf = (input: Node): Value => (fedAsBits.has(input) ? fromBits(e, values.get(input)!, 'bf16') : values.get(input)!);
  for (const node of nodesOf(fn)) {
    if (node.kind === 'gatherRows' && fedAsBits.has(node.inputs[0])) {
      values.set(node, fromBits(e, lower(e, node, node.inputs.map((input) => values.get(input)!)), 'bf16')); // of the rows, not the table
      continue;
    }
    const value = lower(e, node, node.inputs.map(valueOf));
    values.set(node, value);
    if (node.kind !== 'variable') continue;
    const { name } = node.attrs;
    const tensor = initializer(name);
    if (tensor !== null) {
      initializers.push({ ...tensor, name: value });
    } else {
      if (node.dtype === 'bf16') fedAsBits.add(node);
      held.push(valueInfo(value, { shape: node.shape, dtype: node.dtype === 'bf16' ? 'u16' : node.dtype }));
      heldNames.push(name);
    }
  }

  const results = [
    ...Object.entries(fn.outputs).map(([name, node]) => ({ name: outputName(name), node })),
    ...Object.entries(fn.updates).map(([name, node]) => ({ name: updateName(name), node })),
  ].map(({ name, node }) => ({ name, node, value: values.get(node)! }));
  const node = named(e, results);
  const { opset, irVersion } = fedAsBits.size > 0 ? withBitCast : plain;
  return {
    held: heldNames,
    model: {
      irVersion,
      producerName: 'workbench',
      opsetImport: [{ domain: '', version: opset }, { domain: 'com.microsoft', version: 1 }],
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

function lower<K extends OpKind>(e: Emitter, node: NodeOf<K>, inputs: readonly Value[]): Value {
  const lowering: (e: Emitter, node: NodeOf<K>, inputs: readonly Value[]) => Value = lowerings[node.kind];
  return inItsTypes(e, node, inputs, (typed, values) => lowering(e, typed, values));
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

function valueInfo(name: string, { dtype, shape }: { dtype: keyof typeof elementType; shape: Shape }): ValueInfoProto {
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: elementType[dtype], shape: { dim } } } };
}
