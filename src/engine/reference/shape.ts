import { broadcastOffsets, offsets, stridesOf, type Kernels, type Value } from './value.js';

type ShapeKind = 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reduceSum';

export const shapeKernels: Kernels<ShapeKind> = {
  reshape: (_node, [x], out) => out.data.set(x.data),
  transpose: ({ attrs: { perm } }, [x], out) => {
    const strides = stridesOf(x.shape);
    gather(x, offsets(out.shape, perm.map((axis) => strides[axis])), out);
  },
  broadcast: (_node, [x], out) => gather(x, broadcastOffsets(x, out.shape), out),
  slice: ({ attrs: { axis, start } }, [x], out) => {
    const strides = stridesOf(x.shape);
    gather(x, offsets(out.shape, strides).map((at) => at + start * strides[axis]), out);
  },
  pad: ({ attrs: { axis, before } }, [x], out) => place(x, { axis, start: before }, out),
  concat: ({ attrs: { axis } }, inputs, out) => {
    let start = 0;
    for (const x of inputs) {
      place(x, { axis, start }, out);
      start += x.shape[axis];
    }
  },
  reduceSum: ({ attrs: { axes } }, [x], out) => {
    const kept = { shape: x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)), data: out.data };
    const at = broadcastOffsets(kept, x.shape);
    const sums = new Float64Array(out.data.length);
    for (let i = 0; i < x.data.length; i++) sums[at[i]] += x.data[i];
    out.data.set(sums);
  },
};

function gather(x: Value, at: Int32Array, out: Value): void {
  for (let i = 0; i < at.length; i++) out.data[i] = x.data[at[i]];
}

/** Copies `x` into `out` so that it begins at `start` along `axis`. */
function place(x: Value, { axis, start }: { axis: number; start: number }, out: Value): void {
  const strides = stridesOf(out.shape);
  const at = offsets(x.shape, strides);
  for (let i = 0; i < at.length; i++) out.data[at[i] + start * strides[axis]] = x.data[i];
}
