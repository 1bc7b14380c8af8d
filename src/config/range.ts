/** Limits of a number, each null where there is none. */
export interface Range {
  readonly min: number | null;
  readonly max: number | null;
  /** True where the limit itself is not allowed. */
  readonly aboveMin: boolean;
  readonly belowMax: boolean;
}

export function isWithin({ min, max, aboveMin, belowMax }: Range, value: number): boolean {
  const above = min === null || value > min || (value === min && !aboveMin);
  const below = max === null || value < max || (value === max && !belowMax);
  return above && below;
}
