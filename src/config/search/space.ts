/** What may be tried for one key, and the sets of values that are drawn from all of them. */
import { Random } from '../../util/random.js';

/** Values to choose from, or a range of numbers. */
export type Domain = { readonly values: readonly unknown[] } | Range;

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly scale: 'linear' | 'log';
  /** Whole numbers only. */
  readonly whole: boolean;
  /** How many of it a grid takes. */
  readonly points: number | null;
}

export type Space = ReadonlyMap<string, Domain>;
export type Values = Readonly<Record<string, unknown>>;

/** Digits of a number that is drawn: it is to be read, and typed again. */
const digits = 4;

/** How often a set that was there already is drawn anew. */
const patience = 1000;

/**
 * So many different sets of values, each drawn from every domain alone (Bergstra and Bengio, "Random Search for Hyper-Parameter
 * Optimization", 2012). Fewer where there are no more. The first ones do not depend on how many are asked for.
 */
export function randomSets(space: Space, { seed, trials }: { readonly seed: number; readonly trials: number }): Values[] {
  const found = new Map<string, Values>();
  for (let draw = 0, missed = 0; found.size < trials && missed < patience; draw++) {
    const values = Object.fromEntries([...space].map(([key, domain]) => [key, drawn(domain, new Random(seed, 'search', draw, key))]));
    const text = JSON.stringify(values);
    missed = found.has(text) ? missed + 1 : 0;
    found.set(text, values);
  }
  return [...found.values()];
}

/** Every combination, the last key changing fastest. */
export function gridSets(space: Space): Values[] {
  return [...space].reduce<Values[]>((sets, [key, domain]) => sets.flatMap((set) => pointsOf(domain).map((value) => ({ ...set, [key]: value }))), [{}]);
}

/** Without making it. */
export function gridSize(space: Space): number {
  return [...space.values()].reduce((size, domain) => size * pointsOf(domain).length, 1);
}

function drawn(domain: Domain, random: Random): unknown {
  if ('values' in domain) return domain.values[random.below(domain.values.length)];
  const { from, to, whole } = domain;
  // Each whole number has the same share of the line, that of the ends included.
  return whole ? Math.min(to, Math.floor(at({ ...domain, to: to + 1 }, random.uniform()))) : rounded(at(domain, random.uniform()), { from, to });
}

function pointsOf(domain: Domain): readonly unknown[] {
  if ('values' in domain) return domain.values;
  const { from, to, whole, points } = domain;
  const count = points ?? 1;
  const all = Array.from({ length: count }, (_, i) => at(domain, i / Math.max(1, count - 1)));
  return [...new Set(all.map((value) => (whole ? Math.round(value) : rounded(value, { from, to }))))];
}

/** linear: from + u·(to − from); log: from·(to / from)^u */
function at({ from, to, scale }: Range, u: number): number {
  return scale === 'log' ? from * (to / from) ** u : from + u * (to - from);
}

function rounded(value: number, { from, to }: Pick<Range, 'from' | 'to'>): number {
  return Math.min(to, Math.max(from, Number(value.toPrecision(digits))));
}
