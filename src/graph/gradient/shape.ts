import type { Dim } from '../dims.js';
import type { Rules } from './rule.js';

type ShapeKind = 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reduceSum';

export const shapeRules: Rules<ShapeKind> = {
  reshape: (g, { inputs: [x] }, dy) => [() => g.reshape(dy, x.shape)],
  transpose: (g, { attrs: { perm } }, dy) => [() => g.transpose(dy, perm.map((_, axis) => perm.indexOf(axis)))],
  broadcast: (_g, _y, dy) => [() => dy],
  // zeros where nothing was taken
  slice: (g, { inputs: [x], attrs: { axis, start, end } }, dy) => [() => g.op('pad', [dy], { axis, before: start, after: staticDim(x.shape[axis]) - end })],
  pad: (g, { inputs: [x], attrs: { axis, before } }, dy) => [() => g.slice(dy, axis, before, before + staticDim(x.shape[axis]))],
  concat: (g, { inputs, attrs: { axis } }, dy) =>
    inputs.map((_, i) => () => {
      const start = inputs.slice(0, i).reduce((sum, before) => sum + staticDim(before.shape[axis]), 0);
      return g.slice(dy, axis, start, start + staticDim(inputs[i].shape[axis]));
    }),
  // each summand moves the sum as much as the sum moves
  reduceSum: (g, { inputs: [x], attrs: { axes } }, dy) => [() => g.broadcast(g.reshape(dy, x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))), x.shape)],
};

function staticDim(dim: Dim): number {
  if (typeof dim === 'string') throw new Error(`the gradient along an axis of length ${dim} needs a length that is known when the graph is built`);
  return dim;
}
