import type { Model } from './contract.js';

export interface Naming {
  /** What every name of the body begins with, which a file of the body alone leaves out: `model.` */
  readonly body: string;
  /** The list of blocks: `model.layers` */
  readonly blocks: string;
  /** The embedding's weight that is the head's too, and its name there in files that hold both; null where they are two. */
  readonly tied: { readonly embedding: string; readonly head: string } | null;
  /** Tensors in files that are computed here: masks, rotary tables. */
  readonly derived?: RegExp;
}

/** How a family's parameters are called in files, for loading and for freezing. */
export function named({ body, blocks, tied, derived }: Naming): Pick<Model, 'tied' | 'layerOf' | 'storedAs' | 'isDerived'> {
  return {
    tied,
    layerOf(parameter) {
      if (!parameter.startsWith(`${blocks}.`)) return null;
      const number = Number(parameter.slice(blocks.length + 1).split('.')[0]);
      return Number.isInteger(number) ? number : null;
    },
    storedAs(parameter) {
      const plain = parameter.startsWith(body) ? parameter.slice(body.length) : parameter;
      return tied?.embedding === parameter ? [parameter, plain, tied.head] : [parameter, plain];
    },
    isDerived: (tensor) => derived?.test(tensor) === true || tensor === tied?.head,
  };
}
