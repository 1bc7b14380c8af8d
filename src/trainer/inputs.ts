import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Model, ModelInputs, SourceTokens } from '../models/contract.js';

/** What decides which inputs a model has. */
export type Reads = Pick<Model, 'encoderDecoder' | 'answerStartId'>;

/** The inputs of a forward pass over whole rows. */
export function tokenInputs(g: Builder, { encoderDecoder, answerStartId }: Reads): ModelInputs {
  const tokens = (name: string) => g.input(name, ['B', 'T'], 'i32');
  return {
    ids: tokens('input_ids'), positions: tokens('positions'), segments: tokens('segments'), cache: null,
    ...(answerStartId === null ? {} : { blocks: tokens('blocks') }),
    ...(encoderDecoder === null ? {} : { source: sourceInputs(g) }),
  };
}

/** What an encoder reads. */
export function sourceInputs(g: Builder): SourceTokens {
  const tokens = (name: string) => g.input(name, ['B', 'S'], 'i32');
  return { ids: tokens('source_ids'), positions: tokens('source_positions'), segments: tokens('source_segments') };
}

/** Where a label is, as a flat index of the position that predicts it, and which token it is. */
export function labelInputs(g: Builder): { rows: Node; ids: Node } {
  return { rows: g.input('label_rows', ['N'], 'i32'), ids: g.input('labels', ['N'], 'i32') };
}
