import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { ModelInputs } from '../models/contract.js';

/** The inputs of a forward pass over whole rows. */
export function tokenInputs(g: Builder): ModelInputs {
  const tokens = (name: string) => g.input(name, ['B', 'T'], 'i32');
  return { ids: tokens('input_ids'), positions: tokens('positions'), segments: tokens('segments'), cache: null };
}

/** Where a label is, as a flat index of the position that predicts it, and which token it is. */
export function labelInputs(g: Builder): { rows: Node; ids: Node } {
  return { rows: g.input('label_rows', ['N'], 'i32'), ids: g.input('labels', ['N'], 'i32') };
}
