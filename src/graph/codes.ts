/**
 * Numbers between −1 and 1 in 8 bits: the dynamic tree quantization of Dettmers et al., 2022 (arXiv:2110.02861 §2.1), whose
 * 256 entries are dense near zero and reach over seven decades. Source of the entries: `create_dynamic_map` of bitsandbytes.
 */

const decades = 7;

/** What a row is divided by where all of it is zero. */
export const smallestScale = 1e-37;

/**
 * The entries, ascending. Decade d of 0…6 from 10^(d−7) to 10^(d−6) has 2ᵈ of them on each side of zero, or 2ᵈ⁺¹ where
 * nothing is negative: the middles of equal parts; and there are 0 and 1.
 */
export function dynamicTable(signed: boolean): Float32Array {
  const entries = [0, 1];
  for (let decade = 0; decade < decades; decade++) {
    const parts = 2 ** (signed ? decade : decade + 1);
    for (let part = 0; part < parts; part++) {
      const value = 10 ** (decade + 1 - decades) * (0.1 + (0.9 * (part + 0.5)) / parts);
      entries.push(value);
      if (signed) entries.push(-value);
    }
  }
  return Float32Array.from(entries).sort();
}

/** The index of the entry nearest to x in an ascending table. */
export function nearestEntry(table: Float32Array, x: number): number {
  let [low, high] = [0, table.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x > (table[middle] + table[middle + 1]) / 2) low = middle + 1;
    else high = middle;
  }
  return low;
}

const places = 1 << 15;

/**
 * The same without a search, for engines that have none: `codes` at ⌊sign(x)·|x|^¼·(codes.length − 1 − origin) + origin + ½⌋.
 * Where x is within a place's width (0.01 % of it near 1, 0.5 % in the lowest decade) of the middle between two entries, it
 * may be the other one of the two.
 */
export function codeLookup(signed: boolean): { readonly codes: Uint8Array; readonly origin: number } {
  const table = dynamicTable(signed);
  const origin = signed ? places - 1 : 0;
  const codes = Uint8Array.from({ length: 2 * places - (signed ? 1 : 0) }, (_, i) => {
    const root = (i - origin) / (signed ? places - 1 : 2 * places - 1);
    return nearestEntry(table, Math.sign(root) * root ** 4);
  });
  return { codes, origin };
}
