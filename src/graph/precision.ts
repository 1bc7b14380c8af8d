/**
 * Mixed precision (Micikevicius et al., 2018, arXiv:1710.03740) as a rewrite of a forward pass: which results are held in
 * 16 bits. Products read and give 16 bits; what is made of them alone stays so; sums, norms, exponentials and the loss are
 * f32, and so is what f32 goes into, the residual stream above all: the lists of `torch.autocast`, but for softmax, which
 * keeps the type of its scores (every op computes in f32 and rounds once).
 *
 * Frozen matrices are held in 16 bits; a variable that stays f32, as what learns must, is cast where it is used.
 * Products with a variable that is exact, as the outliers beside codes are, are computed in f32 and given in 16 bits.
 */
import type { Half } from '../util/half.js';
import type { Builder } from './builder.js';
import { isReal, type DType, type Node, type OpKind, type Variable } from './node.js';
import { topological } from './walk.js';

/**
 * `half`: reads and gives 16 bits. `full`: reads f32. `widest`: f32 where one of its real inputs is, else 16 bits. `own`:
 * reads each input as it is.
 */
type Policy = 'half' | 'full' | 'widest' | 'own';

const policies: { readonly [K in OpKind]: Policy } = {
  input: 'own', variable: 'own', constant: 'own',
  add: 'widest', sub: 'widest', mul: 'widest', div: 'widest', neg: 'widest',
  exp: 'full', log: 'full', sqrt: 'full', sin: 'full', cos: 'full', erf: 'full',
  tanh: 'widest', sigmoid: 'widest', relu: 'widest', silu: 'widest', gelu: 'widest',
  equal: 'own', lessEqual: 'own', and: 'own', where: 'widest', cast: 'own', after: 'own', detach: 'own',
  reshape: 'own', transpose: 'own', broadcast: 'own', slice: 'own', pad: 'own', concat: 'widest',
  reduceSum: 'full',
  linear: 'half', linearQuantized: 'half', matmul: 'half', linearCrossEntropy: 'half',
  softmax: 'own', layerNorm: 'full', rmsNorm: 'full', rotary: 'own', gatherRows: 'own', scatterRows: 'full',
  argMax: 'full', absMax: 'full', dynamicCode: 'full', dynamicValue: 'full',
};

/** Of a product, the inputs that are read in 16 bits: biases and scales are not. */
const operands: Partial<Readonly<Record<OpKind, number>>> = { linear: 2, linearQuantized: 1, matmul: 2, linearCrossEntropy: 2 };

/** What stands for "never" in f16, which ends at 65504: added to a score, still a number. */
const farF16 = 2 ** 15;

/** A variable as a program in mixed precision holds it. */
export function heldInHalf(variable: Variable, half: Half): Variable {
  return variable.role === 'frozen' && variable.dtype === 'f32' && variable.shape.length > 1 ? { ...variable, dtype: half } : variable;
}

/**
 * The outputs' graph in mixed precision, old node → new node; `staysFull` says which variables do, and `isExact` which of them
 * are not cast either. New nodes may be of 16 bits where the old ones were f32.
 */
export function mixedPrecision(g: Builder, outputs: Iterable<Node>, { half, staysFull, isExact = () => false }: { readonly half: Half; staysFull(variable: string): boolean; isExact?(variable: string): boolean }): ReadonlyMap<Node, Node> {
  const rewritten = new Map<Node, Node>();
  /** Made of nothing but constants, whole numbers and flags: takes the type of what it meets. */
  const weak = new Set<Node>();

  const inType = (node: Node, dtype: DType): Node => {
    if (!isReal(node.dtype) || node.dtype === dtype) return node;
    // what was 16 bits before comes back as it was
    return node.kind === 'cast' && node.inputs[0].dtype === dtype ? node.inputs[0] : g.cast(node, dtype);
  };
  const readsExact = (weight: Node): boolean => weight.kind === 'variable' && isExact(weight.attrs.name);
  const visit = (node: Node): Node => {
    const inputs = node.inputs.map((input) => rewritten.get(input)!);
    switch (policies[node.kind]) {
      case 'half':
        if (node.kind === 'linear' && readsExact(node.inputs[1])) return inType(g.rebuild(node, inputs.map((input) => inType(input, 'f32'))), half);
        return g.rebuild(node, inputs.map((input, i) => inType(input, i < operands[node.kind]! ? half : 'f32')));
      case 'full':
        return g.rebuild(node, inputs.map((input) => inType(input, 'f32')));
      case 'widest': {
        const strong = inputs.filter((input, i) => isReal(input.dtype) && !weak.has(node.inputs[i]));
        const dtype = strong.length > 0 && strong.every((input) => input.dtype === half) ? half : 'f32';
        return g.rebuild(node, inputs.map((input) => (input.shape.length === 0 ? input : inType(input, dtype)))); // numbers are not rounded
      }
      case 'own':
        return own(node, inputs);
    }
  };
  const own = (node: Node, inputs: readonly Node[]): Node => {
    switch (node.kind) {
      case 'constant':
        return half === 'f16' && node.dtype === 'f32' ? g.constant(node.attrs.values.map((value) => Math.max(-farF16, Math.min(farF16, value))), node.shape as readonly number[]) : node;
      case 'variable': {
        const { name } = node.attrs;
        const held = heldInHalf({ name, shape: node.shape as readonly number[], dtype: node.dtype, role: staysFull(name) ? 'trainable' : 'frozen' }, half);
        return inType(g.variable(name, held.shape, held.dtype), node.dtype);
      }
      case 'gatherRows': {
        // only the rows are widened, not the table
        const [table, rows] = inputs;
        const held = table.kind === 'cast' && isReal(table.inputs[0].dtype) ? table.inputs[0] : table;
        return inType(g.gatherRows(held, rows), table.dtype);
      }
      default:
        return g.rebuild(node, inputs);
    }
  };

  for (const node of topological(outputs)) {
    const real = node.inputs.filter(({ dtype }) => isReal(dtype));
    const isWeak = node.kind === 'constant' ? node.dtype === 'f32' : policies[node.kind] !== 'half' && node.kind !== 'cast' && real.length > 0 && real.every((input) => weak.has(input));
    if (isWeak) weak.add(node);
    rewritten.set(node, visit(node));
  }
  return rewritten;
}
