import { randomInt } from 'node:crypto';

const digits = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: no i, l, o, u
const epoch = Date.UTC(2024, 0, 1);

/**
 * A name for a run that sorts by time and is easy to type: eight digits of milliseconds (to 2058), two of
 * chance, so that runs made at once, or on two machines, differ.
 */
export function makeRunId(now: number): string {
  let id = digits[randomInt(32)] + digits[randomInt(32)];
  let rest = Math.max(0, now - epoch);
  for (let i = 0; i < 8; i++) {
    id = digits[rest % 32] + id;
    rest = Math.floor(rest / 32);
  }
  return id;
}
