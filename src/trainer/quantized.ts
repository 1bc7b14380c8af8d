/** The frozen weights of a run that are held in 8 or 4 bits: which, under what names, with what values. */
import type { Variable } from '../graph/node.js';
import type { Linear } from '../nn/layers.js';
import { canQuantize, partsOf, quantizedParts, type QuantizedParts, type Scheme } from '../nn/quantized.js';
import { f32, type Tensor } from '../util/tensor.js';
import { dequantize, outlierColumns, quantizeInt4, quantizeInt8, transposed, type Quantized } from '../weights/quantize.js';

type ReadWeight = (name: string) => Tensor<'f32'>;

export interface QuantizedWeights {
  readonly scheme: Scheme;
  readonly layers: readonly Linear[];
}

export function quantizedWeights(layers: readonly Linear[], scheme: Scheme): QuantizedWeights {
  return { scheme, layers: layers.filter((layer) => canQuantize(layer, scheme)) };
}

export function quantizedVariables({ scheme, layers }: QuantizedWeights): Variable[] {
  return layers.flatMap((layer) => partsOf(quantizedParts(layer, scheme)));
}

/**
 * The values of a program's frozen variables, of which `read` gives the full-precision ones. The parts of a weight are
 * asked for one after the other, so one weight at a time is in memory in full.
 */
export function readQuantized({ scheme, layers }: QuantizedWeights, read: ReadWeight): (name: string) => Tensor {
  const layerOf = new Map(layers.flatMap((layer) => partsOf(quantizedParts(layer, scheme)).map(({ name }) => [name, layer])));
  let last: { layer: Linear; values: ReadonlyMap<string, Tensor> } | null = null;
  return (name) => {
    const layer = layerOf.get(name);
    if (layer === undefined) return read(name);
    if (last?.layer !== layer) last = { layer, values: valuesOf(layer, scheme, read) };
    return last.values.get(name)!;
  };
}

/** The weights as a program with these codes computes with them, in full precision; those of other maps as they are. */
export function asQuantized({ scheme, layers }: QuantizedWeights, read: ReadWeight): ReadWeight {
  const byName = new Map(layers.map((layer) => [`${layer.module}.weight`, layer]));
  return (name) => {
    const layer = byName.get(name);
    if (layer === undefined) return read(name);
    const { weight, quantized, outliers } = split(layer, scheme, read);
    const shape = [layer.outputSize, layer.inputSize];
    const full = dequantize(quantized, shape, scheme === 'int8' ? 8 : 4);
    for (const column of outliers) copyColumn(weight, full, column);
    return layer.transposeW ? full : transposed(full);
  };
}

interface Split {
  readonly weight: Tensor<'f32'>; // [O, I]
  readonly quantized: Quantized;
  /** Columns that stay in full precision. */
  readonly outliers: readonly number[];
}

function split(layer: Linear, scheme: Scheme, read: ReadWeight): Split {
  const stored = read(`${layer.module}.weight`);
  const weight = layer.transposeW ? stored : transposed(stored);
  const { outliers: parts } = quantizedParts(layer, scheme);
  if (parts === null) return { weight, quantized: quantizeInt4(weight), outliers: [] };
  const outliers = outlierColumns(weight, parts.values.shape[1]);
  const regular = f32(weight.shape, weight.data);
  for (let row = 0; row < layer.outputSize; row++) for (const column of outliers) regular.data[row * layer.inputSize + column] = 0;
  return { weight, quantized: quantizeInt8(regular), outliers };
}

function valuesOf(layer: Linear, scheme: Scheme, read: ReadWeight): ReadonlyMap<string, Tensor> {
  const parts: QuantizedParts = quantizedParts(layer, scheme);
  const { weight, quantized, outliers } = split(layer, scheme, read);
  const values = new Map<string, Tensor>([
    [parts.codes.name, quantized.codes],
    [parts.scale.name, quantized.scale],
    [parts.zero.name, quantized.zero],
  ]);
  if (parts.outliers !== null) {
    const chosen = f32(parts.outliers.values.shape); // V [O, k]
    const places = f32(parts.outliers.places.shape); // S [I, k]
    outliers.forEach((column, k) => {
      places.data[column * outliers.length + k] = 1;
      for (let row = 0; row < layer.outputSize; row++) chosen.data[row * outliers.length + k] = weight.data[row * layer.inputSize + column];
    });
    values.set(parts.outliers.values.name, chosen);
    values.set(parts.outliers.places.name, places);
  }
  return values;
}

function copyColumn(from: Tensor<'f32'>, to: Tensor<'f32'>, column: number): void {
  const [rows, width] = from.shape;
  for (let row = 0; row < rows; row++) to.data[row * width + column] = from.data[row * width + column];
}
