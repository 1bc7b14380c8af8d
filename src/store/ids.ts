import { randomInt } from 'node:crypto';

const digits = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: no i, l, o, u
const epoch = Date.UTC(2024, 0, 1);

/**
 * A name for a run that sorts by the order of creation and is easy to type: eight digits of milliseconds (to 2058), two of
 * chance, so that runs made on two machines differ. Later than `newest`, the last id given, even when `now` is not: several runs
 * are made in one millisecond, and clocks are set back.
 */
export function makeRunId(now: number, newest: string | null): string {
  const time = Math.max(0, now - epoch, newest === null ? 0 : timeOf(newest) + 1);
  return encode(time, 8) + encode(randomInt(32 * 32), 2);
}

function timeOf(id: string): number {
  return [...id.slice(0, 8)].reduce((time, digit) => 32 * time + digits.indexOf(digit), 0);
}

function encode(value: number, length: number): string {
  return Array.from({ length }, (_, place) => digits[Math.floor(value / 32 ** (length - 1 - place)) % 32]).join('');
}
