/**
 * A dimension: a number, or a polynomial over symbols in canonical text, such as `B*T`, `P+T`, `4*B*T`.
 * Symbols are letters and digits; equal dimensions have equal text, so `===` compares them.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Values of the symbols for one call. */
export type Bindings = Readonly<Record<string, number>>;

/** monomial ("B*T", "" for a plain number) → coefficient */
type Terms = ReadonlyMap<string, number>;

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const sum = new Map(terms(a));
  for (const [monomial, coefficient] of terms(b)) sum.set(monomial, (sum.get(monomial) ?? 0) + coefficient);
  return text(sum);
}

export function mulDims(...dims: readonly Dim[]): Dim {
  return dims.reduce((a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a * b;
    const product = new Map<string, number>();
    for (const [m, c] of terms(a)) {
      for (const [n, d] of terms(b)) {
        const monomial = [...symbols(m), ...symbols(n)].sort().join('*');
        product.set(monomial, (product.get(monomial) ?? 0) + c * d);
      }
    }
    return text(product);
  }, 1);
}

/** The number of elements of a symbolic shape. */
export function sizeDim(shape: Shape): Dim {
  return mulDims(...shape);
}

export function evaluateDim(dim: Dim, bindings: Bindings): number {
  if (typeof dim === 'number') return dim;
  let total = 0;
  for (const [monomial, coefficient] of terms(dim)) {
    total += symbols(monomial).reduce((product, symbol) => {
      const value = bindings[symbol];
      if (value === undefined) throw new Error(`symbol ${symbol} of dimension ${dim} has no value`);
      return product * value;
    }, coefficient);
  }
  return total;
}

export function evaluateShape(shape: Shape, bindings: Bindings): number[] {
  return shape.map((dim) => evaluateDim(dim, bindings));
}

export function symbolsOf(dim: Dim): string[] {
  return typeof dim === 'number' ? [] : [...new Set([...terms(dim).keys()].flatMap(symbols))];
}

/** The terms of a dimension, for a lowering that must compute it: `4*B*T+P` → [[4, ['B','T']], [1, ['P']]]. */
export function termsOf(dim: Dim): [coefficient: number, symbols: string[]][] {
  return [...terms(dim)].map(([monomial, coefficient]) => [coefficient, symbols(monomial)]);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Learns the symbols' values from one tensor's actual shape; throws where it contradicts what is known. */
export function bindShape(shape: Shape, actual: readonly number[], bindings: Record<string, number>): void {
  if (shape.length !== actual.length) throw new Error(`rank ${actual.length} where ${printShape(shape)} is wanted`);
  shape.forEach((dim, i) => {
    if (typeof dim === 'string' && /^\w+$/.test(dim) && bindings[dim] === undefined) bindings[dim] = actual[i];
  });
  shape.forEach((dim, i) => {
    if (symbolsOf(dim).every((symbol) => symbol in bindings) && evaluateDim(dim, bindings) !== actual[i]) {
      throw new Error(`shape [${actual.join(', ')}] where ${printShape(shape)} is wanted`);
    }
  });
}

export function printShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Dimensions read before: a program has few, and asks for them at every node. */
const read = new Map<string, Terms>();

function terms(dim: Dim): Terms {
  if (typeof dim === 'number') return new Map([['', dim]]);
  const known = read.get(dim);
  if (known !== undefined) return known;
  const found = new Map(
    dim.split('+').map((term) => {
      const factors = term.split('*');
      const coefficient = /^-?\d+$/.test(factors[0]) ? Number(factors.shift()) : 1;
      return [factors.join('*'), coefficient] as const;
    }),
  );
  read.set(dim, found);
  return found;
}

function text(sum: Terms): Dim {
  const parts = [...sum].filter(([, c]) => c !== 0).sort(([m], [n]) => (m < n ? -1 : 1));
  if (parts.length === 0) return 0;
  if (parts.length === 1 && parts[0][0] === '') return parts[0][1];
  return parts.map(([m, c]) => (m === '' ? `${c}` : c === 1 ? m : `${c}*${m}`)).join('+');
}

function symbols(monomial: string): string[] {
  return monomial === '' ? [] : monomial.split('*');
}
