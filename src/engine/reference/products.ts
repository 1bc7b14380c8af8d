import { rowsOf, type Kernels, type Numbers, type Value } from './value.js';

/** A matrix inside an array: element (i, j) lies at `start + i·row + j·column`. */
export interface Matrix {
  readonly data: Numbers;
  readonly start: number;
  readonly row: number;
  readonly column: number;
}

/** Row-major with `columns` columns, or read the other way round. */
export function matrix(data: Numbers, { start = 0, columns, transposed = false }: { start?: number; columns: number; transposed?: boolean }): Matrix {
  return transposed ? { data, start, row: 1, column: columns } : { data, start, row: columns, column: 1 };
}

/** Σₖ a(i, k)·b(k, j) */
export function dot(a: Matrix, b: Matrix, { i, j, length }: { i: number; j: number; length: number }): number {
  let sum = 0;
  let atA = a.start + i * a.row;
  let atB = b.start + j * b.column;
  for (let k = 0; k < length; k++, atA += a.column, atB += b.row) sum += a.data[atA] * b.data[atB];
  return sum;
}

export const productKernels: Kernels<'linear' | 'linearQuantized' | 'matmul'> = {
  linear: ({ attrs: { transposeW } }, [x, w, bias], out) => product(x, matrix(w.data, { columns: w.shape[1], transposed: transposeW }), { bias, out }),
  linearQuantized: ({ attrs: { bits, outputSize, transposeW } }, [x, codes, scale, zero, bias], out) => {
    const [, block] = codes.shape;
    const size = scale.data.length * block;
    const code = (k: number): number => (bits === 8 ? codes.data[k] : k < size / 2 ? codes.data[k] & 15 : codes.data[k - size / 2] >> 4);
    const w = Float64Array.from({ length: size }, (_, k) => scale.data[Math.floor(k / block)] * (code(k) - zero.data[Math.floor(k / block)]));
    product(x, matrix(w, { columns: size / outputSize, transposed: transposeW }), { bias, out });
  },
  matmul: ({ attrs: { transposeA, transposeB } }, [a, b], out) => {
    const [m, n] = out.shape.slice(-2);
    const length = a.shape.at(transposeA ? -2 : -1)!;
    for (let batch = 0; batch * m * n < out.data.length; batch++) {
      const left = matrix(a.data, { start: batch * m * length, columns: a.shape.at(-1)!, transposed: transposeA });
      const right = matrix(b.data, { start: batch * length * n, columns: b.shape.at(-1)!, transposed: transposeB });
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) out.data[(batch * m + i) * n + j] = dot(left, right, { i, j, length });
      }
    }
  },
};

/** x·w (+ b) over all rows of x. */
function product(x: Value, w: Matrix, { bias, out }: { bias: Value | undefined; out: Value }): void {
  const { width: length } = rowsOf(x);
  const { rows, width: columns } = rowsOf(out);
  const a = matrix(x.data, { columns: length });
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out.data[i * columns + j] = dot(a, w, { i, j, length }) + (bias === undefined ? 0 : bias.data[j]);
  }
}
