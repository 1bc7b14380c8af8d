/** What an arrow key makes of a value: powers of two for counts, 1–2–5 for rates, the next word of a choice. */
import { knobOf } from './limits.js';
import type { Knob } from './limits.js';
import { isWithin } from './range.js';

/** Where a rate that may be 0 begins above it. */
const smallestRate = 1e-3;

/** Where one begins that was not given: below any rate that is the peak of a schedule. */
const firstRate = 1e-5;

/** The next value up (1) or down (-1) of a knob, within its limits; a value without an order stays as it is. */
export function stepValue(key: string, value: unknown, direction: 1 | -1): unknown {
  const knob = knobOf(key);
  switch (knob?.kind) {
    case 'bool': {
      const values = [...knob.choices, false, true];
      return values[(values.indexOf(value as string | boolean) + direction + values.length) % values.length];
    }
    case 'choice':
      return typeof value === 'string' ? nextWord(knob.choices, value, direction) : knob.choices[0];
    case 'int':
    case 'float':
      return typeof value === 'number' ? stepNumber(knob, value, direction) : direction === 1 ? firstNumber(knob) : value;
    default:
      return value;
  }
}

/** Where one begins that is not given. */
function firstNumber({ kind, min, step, stride }: Knob): number {
  if (kind === 'int') return Math.max(1, min ?? 1);
  return step === 'log' ? firstRate : stride;
}

function nextWord(words: readonly string[], value: string, direction: 1 | -1): string {
  return words[(words.indexOf(value) + direction + words.length) % words.length];
}

function stepNumber(knob: Knob, value: number, direction: 1 | -1): unknown {
  const near = knob.kind === 'int' ? stepCount(knob, value, direction) : stepFloat(knob, value, direction);
  const next = near <= 0 || near > knob.gap ? near : direction === 1 ? knob.gap + knob.stride : 0;
  if (isWithin(knob, next) && next <= Math.max(knob.reach, value)) return next;
  return direction === -1 && knob.choices.length > 0 ? knob.choices[0] : value;
}

/** 1, 2, 4, 8, …; a limit of -1 or 0 that stands for "none" comes below 1; 0 is skipped where it means nothing. */
function stepCount(knob: Knob, value: number, direction: 1 | -1): number {
  const unset = knob.min === null || knob.min > 0 ? null : knob.min;
  if (knob.step === 'linear') return value + direction === 0 && knob.min === null ? direction : value + direction * knob.stride;
  if (direction === 1) return value < 1 ? 1 : 2 ** (Math.floor(Math.log2(value)) + 1);
  return value <= 1 ? (unset ?? 0) : 2 ** (Math.ceil(Math.log2(value)) - 1);
}

function stepFloat(knob: Knob, value: number, direction: 1 | -1): number {
  if (knob.step === 'linear') return rounded(value + direction * knob.stride);
  if (value === 0) return direction === 1 ? smallestRate : 0;
  if (direction === -1 && value <= smallestRate && knob.min === 0 && !knob.aboveMin) return 0;
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const ladder = [0.5, 1, 2, 5, 10].map((digit) => rounded(digit * power));
  return direction === 1 ? ladder.find((rung) => rung > value * (1 + 1e-9))! : ladder.findLast((rung) => rung < value * (1 - 1e-9))!;
}

/** To twelve digits, so that 0.1 + 0.05 is 0.15. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
