/** Real numbers of 16 bits in ONNX Runtime: what it computes of them as they are, and what in f32 between two casts. */
import { isHalf, type DType, type Node, type NodeOf, type OpKind } from '../../graph/node.js';
import type { Half } from '../../util/half.js';
import type { Device } from '../contract.js';
import { int, type Emitter, type Value } from './emitter.js';
import { elementType } from './proto.js';

/** These move numbers, or see to their types themselves. */
const asTheyAre: ReadonlySet<OpKind> = new Set([
  'input', 'variable', 'constant', 'cast', 'after', 'detach', 'reshape', 'transpose', 'slice', 'concat', 'gatherRows', 'linear', 'linearQuantized', 'matmul', 'linearCrossEntropy',
]);

/** Kernels of graphics cards that round as the graph means it: one operation, or none. */
const onCards: ReadonlySet<OpKind> = new Set(['add', 'sub', 'mul', 'neg', 'where', 'broadcast', 'pad']);

/** Whether a device multiplies matrices of 16 bits; if not, it computes in f32 whatever is held in them. */
export function computesHalf(device: Device): boolean {
  return device !== 'cpu';
}

export function castTo(e: Emitter, value: Value, dtype: DType, apart = false): Value {
  return e.op('Cast', [value], { attributes: { to: int(elementType[dtype]) }, apart });
}

/** An op on numbers of 16 bits: as it is where there is a kernel, else in f32 and rounded. `lower` gets the node and the values to compute with. */
export function inItsTypes<K extends OpKind>(e: Emitter, node: NodeOf<K>, inputs: readonly Value[], lower: (node: NodeOf<K>, inputs: readonly Value[]) => Value): Value {
  const types = [node, ...node.inputs].map(({ dtype }: { readonly dtype: DType }) => dtype);
  if (!types.some(isHalf) || asTheyAre.has(node.kind)) return lower(node, inputs);
  if (computesHalf(e.device) && onCards.has(node.kind)) return lower(node, oneType(e, node, inputs));
  const wide = lower({ ...node, dtype: isHalf(node.dtype) ? 'f32' : node.dtype }, inputs.map((value, i) => widened(e, value, node.inputs[i].dtype)));
  return isHalf(node.dtype) ? castTo(e, wide, node.dtype) : wide;
}

/** A copy for one use: kept from the forward pass to the gradient, it would undo what 16 bits save. */
export function widened(e: Emitter, value: Value, dtype: DType): Value {
  return isHalf(dtype) ? castTo(e, value, 'f32', true) : value;
}

/** Single numbers in f32 take the type of what they go with. */
function oneType(e: Emitter, { dtype, inputs }: { readonly dtype: DType; readonly inputs: readonly Node[] }, values: readonly Value[]): Value[] {
  return values.map((value, i) => (isHalf(dtype) && inputs[i].dtype === 'f32' ? castTo(e, value, dtype) : value));
}

/** The bits of a variable that could only be fed as whole numbers; a copy for one use. */
export function fromBits(e: Emitter, value: Value, half: Half): Value {
  return e.op('BitCast', [value], { attributes: { to: int(elementType[half]) }, apart: true });
}
