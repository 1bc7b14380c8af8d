import { dynamicTable, nearestEntry, smallestScale } from '../../graph/codes.js';
import { sizeOf } from '../../util/tensor.js';
import { dot, matrix } from './products.js';
import { rowsOf, settle, type Kernels, type Numbers, type Value } from './value.js';

type FieldKind = 'softmax' | 'layerNorm' | 'rmsNorm' | 'rotary' | 'gatherRows' | 'scatterRows' | 'linearCrossEntropy' | 'argMax' | 'absMax' | 'dynamicCode' | 'dynamicValue';

export const fieldKernels: Kernels<FieldKind> = {
  // eˣ⁻ᵐ / Σ eˣ⁻ᵐ, m = max x
  softmax: (_node, [x], out) =>
    eachRow(x, (row, start) => {
      const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = Float64Array.from(row, (v) => Math.exp(v - largest));
      const total = sum(powers);
      powers.forEach((power, c) => (out.data[start + c] = power / total));
    }),

  // (x − μ)/√(σ² + ε)·γ + β
  layerNorm: ({ attrs: { epsilon } }, [x, gamma, beta], out) =>
    eachRow(x, (row, start) => {
      const mean = sum(row) / row.length;
      const variance = sum(row.map((v) => (v - mean) ** 2)) / row.length;
      row.forEach((v, c) => (out.data[start + c] = ((v - mean) / Math.sqrt(variance + epsilon)) * gamma.data[c] + beta.data[c]));
    }),

  // x/√(mean(x²) + ε)·γ
  rmsNorm: ({ attrs: { epsilon } }, [x, gamma], out) =>
    eachRow(x, (row, start) => {
      const meanSquare = sum(row.map((v) => v * v)) / row.length;
      row.forEach((v, c) => (out.data[start + c] = (v / Math.sqrt(meanSquare + epsilon)) * gamma.data[c]));
    }),

  // (a, b) → (a·cos − b·sin, b·cos + a·sin)
  rotary: ({ attrs: { interleaved } }, [x, cos, sin], out) => {
    const [, heads, length, size] = x.shape;
    const pairs = size / 2;
    eachRow(x, (row, start) => {
      const t = (start / size) % length;
      const batch = Math.floor(start / (size * length * heads));
      for (let pair = 0; pair < pairs; pair++) {
        const [first, second] = interleaved ? [2 * pair, 2 * pair + 1] : [pair, pair + pairs];
        const angle = (batch * length + t) * pairs + pair;
        const [c, s] = [cos.data[angle], sin.data[angle]];
        out.data[start + first] = row[first] * c - row[second] * s;
        out.data[start + second] = row[second] * c + row[first] * s;
      }
    });
  },

  gatherRows: (_node, [table, rows], out) => {
    const width = sizeOf(table.shape.slice(1));
    rows.data.forEach((row, i) => {
      checkRow(row, table.shape[0]);
      for (let c = 0; c < width; c++) out.data[i * width + c] = table.data[row * width + c];
    });
  },
  scatterRows: (_node, [rows, x], out) => {
    const width = sizeOf(x.shape.slice(1));
    const sums = new Float64Array(out.data.length);
    rows.data.forEach((row, i) => {
      checkRow(row, out.shape[0]);
      for (let c = 0; c < width; c++) sums[row * width + c] += x.data[i * width + c];
    });
    out.data.set(sums);
  },

  // log Σ eˡ − (1 − ε)·l[label] − ε·mean(l), l = w·x + b
  linearCrossEntropy: ({ attrs: { softcap, smoothing = 0 }, inputs: [{ dtype }] }, [x, w, labels, bias], out, precision) => {
    const { width: length } = rowsOf(x);
    const [words] = w.shape;
    const a = matrix(x.data, { columns: length });
    const b = matrix(w.data, { columns: length, transposed: true });
    labels.data.forEach((label, i) => {
      checkRow(label, words);
      const raw = Float64Array.from({ length: words }, (_, j) => dot(a, b, { i, j, length }) + (bias === undefined ? 0 : bias.data[j]));
      settle({ shape: [words], data: raw }, dtype, precision);
      const logits = softcap === undefined ? raw : raw.map((l) => softcap * Math.tanh(l / softcap));
      const largest = logits.reduce((p, q) => Math.max(p, q), -Infinity);
      const aim = (1 - smoothing) * logits[label] + (smoothing * sum(logits)) / words;
      out.data[i] = largest + Math.log(sum(logits.map((l) => Math.exp(l - largest)))) - aim;
    });
  },

  // the first of equals
  argMax: (_node, [x], out) => eachRow(x, (row, start) => (out.data[start / row.length] = row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity)))),

  absMax: (_node, [x], out) => eachRow(x, (row, start) => (out.data[start / row.length] = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0))),
  dynamicCode: ({ attrs: { signed } }, [x, scale], out) => {
    const table = dynamicTable(signed);
    eachRow(x, (row, start) => {
      const divisor = Math.max(scale.data[start / row.length], smallestScale);
      row.forEach((v, c) => (out.data[start + c] = nearestEntry(table, v / divisor)));
    });
  },
  dynamicValue: ({ attrs: { signed } }, [codes, scale], out) => {
    const table = dynamicTable(signed);
    eachRow(codes, (row, start) => row.forEach((code, c) => (out.data[start + c] = table[code] * scale.data[start / row.length])));
  },
};

/** Rows of the last dimension as doubles, and where each starts. */
function eachRow(x: Value, visit: (row: Float64Array, start: number) => void): void {
  const { rows, width } = rowsOf(x);
  for (let i = 0; i < rows; i++) visit(Float64Array.from(x.data.subarray(i * width, (i + 1) * width)), i * width);
}

function sum(values: Float64Array | Numbers): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function checkRow(row: number, count: number): void {
  if (row < 0 || row >= count) throw new Error(`row ${row} of a table with ${count} rows`);
}
