/** A function as a `.onnx` file that other programs run: under their names, with the weights in it or beside it. */
import { open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Fn, NodeOf } from '../../graph/node.js';
import { nodesOf } from '../../graph/program.js';
import { sizeOf, type Tensor } from '../../util/tensor.js';
import { int, type Value } from './emitter.js';
import { feedName, variableName } from './lowering.js';
import { lowerFn, outputName } from './model.js';
import { elementType, encodeModel, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto } from './proto.js';

/**
 * What an input of the function is made of: an input of the file as it is; whole numbers of 64 bits; or the place of
 * each token among those that a mask [B, S] of such numbers holds, from 0.
 */
export interface Source {
  readonly name: string;
  readonly as: 'same' | 'integers' | 'places';
}

export interface OnnxFile {
  readonly fn: Fn;
  /** By the function's own names, in the order in which the file lists them. */
  readonly inputs: Readonly<Record<string, Source>>;
  outputName(name: string): string;
  /** What the file calls the dimensions B, T, P, P+T. */
  readonly dims: Readonly<Record<string, string>>;
  read(variable: string): Tensor<'f32'>;
  /** Weights of more bytes than this are in a second file, `<path>_data`: a message of protobuf holds 2 GB. */
  readonly inFileBytes: number;
}

/** ONNX Runtime maps what begins at a page. */
const pageBytes = 4096;

/** Resolves with whether the weights are in a file of their own. A function with updates is a bug of the caller. */
export async function writeOnnx(path: string, file: OnnxFile): Promise<boolean> {
  const variables = nodesOf(file.fn).filter((node): node is NodeOf<'variable'> => node.kind === 'variable');
  const bytes = variables.reduce((sum, { shape }) => sum + 4 * sizeOf(shape.map(Number)), 0);
  const isApart = bytes > file.inFileBytes;
  const weights = isApart ? await writeData(`${path}_data`, variables, file) : new Map(variables.map((node) => [node.attrs.name, inFile(node, file)]));
  const { model } = lowerFn(file.fn, 'cpu', (variable) => weights.get(variable) ?? null);
  await writeFile(path, encodeModel(underTheirNames(model, file)));
  return isApart;
}

function inFile({ attrs: { name }, shape }: NodeOf<'variable'>, { read }: OnnxFile): TensorProto {
  return { name, dataType: elementType.f32, dims: shape.map(Number), rawData: viewOf(read(name)) };
}

/** One variable in memory at a time. */
async function writeData(path: string, variables: readonly NodeOf<'variable'>[], { read }: OnnxFile): Promise<Map<string, TensorProto>> {
  const entries = new Map<string, TensorProto>();
  const handle = await open(path, 'w');
  try {
    let offset = 0;
    for (const { attrs: { name }, shape } of variables) {
      const data = viewOf(read(name));
      await handle.write(data, 0, data.byteLength, offset);
      const place = { location: basename(path), offset: String(offset), length: String(data.byteLength) };
      entries.set(name, { name, dataType: elementType.f32, dims: shape.map(Number), dataLocation: 1, externalData: Object.entries(place).map(([key, value]) => ({ key, value })) });
      offset += Math.ceil(data.byteLength / pageBytes) * pageBytes;
    }
  } finally {
    await handle.close();
  }
  return entries;
}

function underTheirNames(model: ModelProto, { fn, inputs, outputName: named, dims }: OnnxFile): ModelProto {
  const { graph } = model;
  const fed = new Set(fn.inputs.map(({ attrs }) => attrs.name));
  const sources = Object.entries(inputs).filter(([name]) => fed.has(name));
  const names = new Map<Value, string>([
    ...sources.flatMap(([name, { name: theirs, as }]): [Value, string][] => (as === 'same' ? [[feedName(name), theirs]] : [])),
    ...graph.initializer.flatMap(({ name }): [Value, string][] => (name.startsWith(variableName('')) ? [[name, name.slice(variableName('').length)]] : [])),
    ...Object.keys(fn.outputs).map((name): [Value, string] => [outputName(name), named(name)]),
  ]);
  const called = (value: Value): string => names.get(value) ?? value;
  const info = new Map(graph.input.map((input) => [input.name, input]));
  const first = new Map<string, ValueInfoProto>();
  for (const [name, { name: theirs, as }] of sources) if (!first.has(theirs)) first.set(theirs, renamed(info.get(feedName(name))!, { name: theirs, dims, integers: as !== 'same' }));
  return {
    ...model,
    graph: {
      ...graph,
      node: [...sources.flatMap(([name, source]) => made(feedName(name), source)), ...graph.node.map((node) => ({ ...node, input: node.input.map(called), output: node.output.map(called) }))],
      initializer: [...constants, ...graph.initializer.map((tensor) => ({ ...tensor, name: called(tensor.name) }))],
      input: [...first.values()],
      output: graph.output.map((output) => renamed(output, { name: called(output.name), dims, integers: false })),
    },
  };
}

function renamed({ type: { tensorType } }: ValueInfoProto, { name, dims, integers }: { name: string; dims: OnnxFile['dims']; integers: boolean }): ValueInfoProto {
  const dim = tensorType.shape.dim.map((each) => ('dimParam' in each ? { dimParam: dims[each.dimParam] ?? each.dimParam } : each));
  return { name, type: { tensorType: { elemType: integers ? elementType.i64 : tensorType.elemType, shape: { dim } } } };
}

const one: TensorProto = { name: 'one', dataType: elementType.i32, dims: [], rawData: viewOf({ data: Int32Array.of(1) }) };
const lastAxis: TensorProto = { name: 'last_axis', dataType: elementType.i64, dims: [], rawData: new Uint8Array(BigInt64Array.of(1n).buffer) };
const constants = [one, lastAxis];

/** The nodes that make an input of the function. */
function made(value: Value, { name, as }: Source): NodeProto[] {
  const node = (opType: string, input: readonly Value[], output: Value): NodeProto => ({ name: `${value}/${opType}`, opType, domain: '', input, output: [output], attribute: [] });
  const cast = (output: Value): NodeProto => ({ ...node('Cast', [name], output), attribute: [{ name: 'to', ...int(elementType.i32) }] });
  switch (as) {
    case 'same':
      return [];
    case 'integers':
      return [cast(value)];
    case 'places': {
      const [held, count] = [`${value}/held`, `${value}/count`];
      return [cast(held), node('CumSum', [held, lastAxis.name], count), node('Sub', [count, one.name], value)];
    }
  }
}

function viewOf({ data }: { readonly data: Tensor['data'] }): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
