/**
 * Gradient checkpointing (Chen et al., 2016, arXiv:1604.06174) as part of the gradient pass: what a block computed is not
 * kept for its gradient but computed once more from what came into the block.
 *
 * A block's copy reads its inputs through `after(x, dy)`, which is x once the gradient of the block's result is there:
 * that makes it other nodes than the block's, and keeps an engine from computing it any sooner.
 */
import type { Builder } from './builder.js';
import { isReal, type Node } from './node.js';
import { isLeaf } from './shapes.js';

/** The block of a variable, from 0; null for what is in none. */
export type BlockOf = (variable: string) => number | null;

export class Recomputation {
  readonly #g: Builder;
  readonly #blocks: ReadonlyMap<Node, number>;
  /** Block → what its copy waits for. */
  readonly #gates = new Map<number, Node>();
  readonly #copies = new Map<Node, Node>();

  /** `order` is a forward pass, inputs before users. */
  constructor(g: Builder, order: readonly Node[], blockOf: BlockOf) {
    this.#g = g;
    this.#blocks = blocksOf(order, blockOf);
  }

  /**
   * The node as its derivative is to read it: the copy's, where its block is computed again. To be asked in reverse
   * order; `dy` is the gradient of the node.
   */
  read(node: Node, dy: Node): Node {
    const block = this.#blocks.get(node);
    if (block === undefined) return node;
    const gate = this.#gates.get(block) ?? dy;
    this.#gates.set(block, gate);
    return this.#copy(node, block, gate);
  }

  #copy(node: Node, block: number, gate: Node): Node {
    const known = this.#copies.get(node);
    if (known !== undefined) return known;
    const copy = this.#g.rebuild(node, node.inputs.map((input) => this.#inputOf(input, block, gate)));
    this.#copies.set(node, copy);
    return copy;
  }

  #inputOf(input: Node, block: number, gate: Node): Node {
    if (this.#blocks.get(input) === block) return this.#copy(input, block, gate);
    return isLeaf(input) || !isReal(input.dtype) ? input : this.#g.op('after', [input, gate], {});
  }
}

/**
 * Nodes that are computed again, by block. A node is of the last block among its variables and inputs. The last block of
 * all, with what follows it, is not: its gradient comes first, when all that it computed has just been computed.
 */
function blocksOf(order: readonly Node[], blockOf: BlockOf): ReadonlyMap<Node, number> {
  const found = new Map<Node, number>();
  let last = -1;
  for (const node of order) {
    if (isLeaf(node)) continue;
    const block = Math.max(-1, ...node.inputs.map((input) => (input.kind === 'variable' ? (blockOf(input.attrs.name) ?? -1) : (found.get(input) ?? -1))));
    if (block >= 0) found.set(node, block);
    last = Math.max(last, block);
  }
  return new Map([...found].filter(([, block]) => block < last));
}
