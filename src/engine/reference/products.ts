import { rowsOf, type Kernels, type Numbers } from './value.js';

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

export const productKernels: Kernels<'linear' | 'matmul'> = {
  linear: ({ attrs: { transposeW } }, [x, w, bias], out) => {
    const { width: length } = rowsOf(x);
    const { rows, width: columns } = rowsOf(out);
    const a = matrix(x.data, { columns: length });
    const b = matrix(w.data, { columns: w.shape[1], transposed: transposeW });
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) out.data[i * columns + j] = dot(a, b, { i, j, length }) + (bias === undefined ? 0 : bias.data[j]);
    }
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
