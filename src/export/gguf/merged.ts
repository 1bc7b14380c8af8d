import type { TokenizerFiles } from '../../data/tokenizer/files.js';
import type { Model } from '../../models/contract.js';
import type { Tensor } from '../../util/tensor.js';
import { type Architecture, architectureOf, generalFacts } from './architecture.js';
import { encodings, type ElementType } from './elements.js';
import { type TensorEntry, writeGguf } from './file.js';
import { vocabularyFacts } from './vocabulary.js';

/** `llama_ftype` */
const fileTypes: Readonly<Record<ElementType, number>> = { f32: 0, f16: 1, q8_0: 7 };

export interface GgufModel {
  readonly name: string;
  readonly model: Model;
  readonly tokenizer: TokenizerFiles;
  readonly element: ElementType;
  read(parameter: string): Tensor<'f32'> | Promise<Tensor<'f32'>>;
}

/** A whole model in one file: matrices in `element`, vectors and positions in f32, as llama.cpp's converter does. */
export async function writeGgufModel(path: string, { name, model, tokenizer, element, read }: GgufModel): Promise<void> {
  const architecture = architectureOf(model);
  const turned = new Set(model.linears.filter(({ transposeW }) => !transposeW).map(({ module }) => `${module}.weight`));
  const tensors = model.parameters.map(({ name: parameter, shape }): TensorEntry => {
    const turn = turned.has(parameter);
    const stored = turn ? [...shape].reverse() : shape;
    const { module, tensor } = ggufName(architecture, parameter);
    return {
      name: tensor,
      shape: stored,
      element: elementOf(tensor, stored, element),
      read: async () => architecture.rows(module, turn ? transposed(await read(parameter)) : await read(parameter)),
    };
  });
  await writeGguf(path, { ...generalFacts(architecture, { name, type: 'model', fileType: fileTypes[element] }), ...architecture.facts, ...vocabularyFacts(tokenizer, model.vocabSize) }, tensors);
}

/** A parameter's name there, and the module it is of. */
export function ggufName(architecture: Architecture, parameter: string): { module: string; tensor: string } {
  const dot = parameter.lastIndexOf('.');
  const module = parameter.slice(0, dot);
  const tensor = architecture.tensorName(module);
  if (tensor === null) throw new Error(`${parameter} has no name in a GGUF file of ${architecture.name}`);
  return { module, tensor: tensor + parameter.slice(dot) };
}

function elementOf(tensor: string, shape: readonly number[], wanted: ElementType): ElementType {
  if (shape.length === 1 || tensor.startsWith('position_embd')) return 'f32';
  return shape[shape.length - 1] % encodings[wanted].block === 0 ? wanted : 'f16';
}

/** [in, out] → [out, in] */
function transposed({ shape: [rows, columns], data }: Tensor<'f32'>): Tensor<'f32'> {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column];
  return { dtype: 'f32', shape: [columns, rows], data: turned };
}
