/** How much tokens count in the loss. Most data has no weights, or one a row: they are kept as stretches of equal ones. */
import { Growing } from '../util/growing.js';

/** `values[i]` from token `starts[i]` of the store on; 1 before the first. */
export interface WeightRuns {
  readonly starts: Float64Array;
  readonly values: Float64Array;
}

/** Stretches as they are found; 16 bytes each. */
export class WeightList {
  readonly #starts = new Growing(Float64Array);
  readonly #values = new Growing(Float64Array);
  #end = 0;
  #last = 1;

  /** The next `count` tokens weigh the same. */
  add(count: number, weight: number): void {
    if (count > 0 && weight !== this.#last) {
      this.#starts.add(this.#end);
      this.#values.add(weight);
      this.#last = weight;
    }
    this.#end += count;
  }

  /** The next `count` tokens, by stretches among them. */
  join(runs: WeightRuns | null, count: number): void {
    const { starts, values } = runs ?? { starts: new Float64Array(), values: new Float64Array() };
    this.add(starts[0] ?? count, 1);
    for (const [run, start] of starts.entries()) this.add((starts[run + 1] ?? count) - start, values[run]);
  }

  /** Null where every token weighs 1. */
  take(): WeightRuns | null {
    return this.#starts.length === 0 ? null : { starts: this.#starts.take(), values: this.#values.take() };
  }
}

/** Of the tokens `[start, start + count)` of the store. */
export function weightsIn({ starts, values }: WeightRuns, start: number, count: number): Float32Array {
  const weights = new Float32Array(count);
  let run = lastBefore(starts, start);
  for (let at = 0; at < count; run++) {
    const end = run + 1 < starts.length ? Math.min(count, starts[run + 1] - start) : count;
    weights.fill(run < 0 ? 1 : values[run], at, end);
    at = end;
  }
  return weights;
}

/** The last stretch that begins at `position` or before; -1: none does. */
function lastBefore(starts: Float64Array, position: number): number {
  let low = -1;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= position) low = middle;
    else high = middle;
  }
  return low;
}
