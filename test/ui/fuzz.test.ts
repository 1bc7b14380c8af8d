/** Any keys at all: no crash, no torn frame, no run lost. WORKBENCH_FUZZ_SECONDS and WORKBENCH_FUZZ_SEED try more and others. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { PtyScreen, isBuilt, keys, tears } from './pty.js';
import { recordRun } from './samples.js';

const seconds = Number(process.env['WORKBENCH_FUZZ_SECONDS'] ?? 4);
const seed = Number(process.env['WORKBENCH_FUZZ_SEED'] ?? 1);

/** All but those that leave or suspend the screen. Enter comes by itself, when it starts no run. */
const alphabet = [...'abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/?[]-+=.,@ !*', keys.esc, keys.tab, '\u001b[Z', keys.up, keys.down, keys.left, keys.right, '\u001b[5~', '\u001b[6~', '\u001b[H', '\u001b[F', '\u007f', keys.ctrlP, '\u0004', '\u0015', '\u0012', '\u0017', '映', 'é'];
const sizes = [[72, 18], [80, 24], [120, 40], [200, 60], [40, 10]] as const;

/** mulberry32: small, seeded, good enough for keys. */
function generator(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

let screen: PtyScreen | null = null;

afterEach(async () => screen?.close());

describe.skipIf(!isBuilt)('the screen under random keys (needs `npm run build`)', () => {
  it(`stays whole for ${seconds} s with seed ${seed}`, { timeout: seconds * 1000 + 120_000 }, async () => {
    const home = mkdtempSync(join(tmpdir(), 'workbench-fuzz-'));
    const store = openStore(home);
    for (const end of ['completed', 'failed', 'stopped'] as const) recordRun(store, { name: `ended-${end}`, steps: 30, total: 40, end });
    const random = generator(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
    let count = store.runs().length;
    // Files are written too, under names that happen to be typed.
    screen = new PtyScreen({ home, cwd: home });
    await screen.until('Workbench', '1 New run');
    const pressed: string[] = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const burst = Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick(alphabet));
      const [columns, rows] = pick(sizes);
      if (random() < 0.05) await screen.resize(columns, rows);
      await press(...burst);
      const shown = screen.lines().join('\n');
      // A question is left unanswered, and no run is started: it would train in earnest.
      if (/Delete|cannot be undone|Replace it/.test(shown)) await press(keys.esc);
      else if (!/Enter start|Enter take it/.test(shown) && random() < 0.5) await press(keys.enter);
    }
    store.close();

    async function press(...some: string[]): Promise<void> {
      pressed.push(...some);
      // An escape byte right before another would be read as one key with Alt.
      for (const key of some) screen!.press(key);
      await screen!.settle();
      const told = `seed ${seed}, after ${JSON.stringify(pressed.slice(-60))}\n${screen!.lines().join('\n')}`;
      expect(screen!.hasEnded, `it ended: ${told}\n${screen!.output.slice(-3000)}`).toBe(false);
      expect(tears(screen!.lines(), screen!.size), told).toEqual([]);
      const runs = store.runs().length;
      expect(runs, `a run is gone: ${told}`).toBeGreaterThanOrEqual(count);
      count = runs;
    }
  });
});
