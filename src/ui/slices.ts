/** Long reading on the thread of the screen, with time for keys between its parts. */
import { setImmediate } from 'node:timers/promises';

/** Milliseconds in which no key is heard. */
const slice = 10;

/** Goes through a reading to its end; null where it is no longer wanted after a stop. Rejects as the reading throws. */
export async function inSlices<Found>(reading: Generator<void, Found, void>, isWanted: () => boolean): Promise<{ readonly found: Found } | null> {
  let began = performance.now();
  for (;;) {
    const { done, value } = reading.next();
    if (done) return { found: value };
    if (performance.now() - began < slice) continue;
    await setImmediate();
    if (!isWanted()) return null;
    began = performance.now();
  }
}
