/** Real training of the tiny model that the repository ships, cut short, in processes started from what the build made. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { readExperiment } from '../../src/config/file.js';
import type { Experiment } from '../../src/config/schema.js';
import { kill, reconcile, startRun } from '../../src/runner/client.js';
import { runForeground } from '../../src/runner/foreground.js';
import type { Exit } from '../../src/runner/memory.js';
import { entries, spawnRun } from '../../src/runner/spawn.js';
import { runFolder } from '../../src/store/folders.js';
import { takeLock } from '../../src/store/lock.js';
import type { MetricPoint, RunRecord } from '../../src/store/rows.js';
import { openStore } from '../../src/store/store.js';

const quickstart = fileURLToPath(new URL('../../experiments/quickstart.yaml', import.meta.url));
const built = (entry: URL) => new URL(entry.href.replace('/src/', '/dist/'));
export const dist = { supervisor: built(entries.supervisor), run: built(entries.run) };
const soon = { timeout: 90_000, interval: 20 };

export function tinyExperiment(...set: string[]): Experiment {
  const short = ['train.max_steps=20', 'train.per_device_train_batch_size=2', 'train.eval_steps=0', 'train.save_steps=5', 'train.save_total_limit=10', 'max_length=32', 'dataset.max_samples=40', 'sample.prompts=[]'];
  return readExperiment(quickstart, { set: [...short, ...set] }).experiment;
}

/** A home with a store, and what is done to runs in it. */
export class Tiny {
  readonly home = mkdtempSync(join(tmpdir(), 'workbench-tiny-'));
  store = openStore(this.home);

  /** After its file has been replaced. */
  reopen(): void {
    this.store = openStore(this.home);
  }

  create(...set: string[]): string {
    return this.store.createRun({ name: 'tiny', config: tinyExperiment(...set) }).id;
  }

  run(id: string): Promise<RunRecord> {
    return runForeground(this.home, id, { onEvent: () => undefined, entries: dist });
  }

  /** Starts the process of a run with nobody else to watch it, kills it once it has made so many updates, and says how it ended. */
  async runHere(id: string, { killAt }: { readonly killAt: number }): Promise<Exit> {
    const child = spawnRun(this.home, { runId: id, entry: dist.run, ipc: false });
    const ended = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    await this.until(id, ({ step }) => step >= killAt);
    child.kill('SIGKILL');
    return ended;
  }

  start(id: string): Promise<void> {
    return startRun(this.home, id, dist);
  }

  until(id: string, wanted: (run: RunRecord) => boolean): Promise<unknown> {
    return expect.poll(() => wanted(this.store.run(id)), soon).toBe(true);
  }

  folder(id: string, ...parts: string[]): string {
    return join(runFolder(this.home, id), ...parts);
  }

  /** What it was warned of that concerns checkpoints: not that so short a run will hardly learn. */
  troubles(id: string): string[] {
    return this.store.warnings(id).filter((message) => message.includes('checkpoint'));
  }

  /** Step and loss of every point. */
  losses(id: string): [number, number][] {
    return this.store.metrics(id, ['loss']).map(({ step, value }: MetricPoint) => [step, value]);
  }

  /** Ends what runs, waits for the supervisor to go, and removes everything. */
  async remove(): Promise<void> {
    for (const id of this.store.queue()) this.store.cancel(id, 'the test is over');
    for (const id of reconcile(this.home)) await kill(this.home, id);
    await vi.waitFor(() => {
      const lock = takeLock(join(this.home, 'supervisor.lock'));
      lock?.release();
      expect(lock).not.toBeNull();
    }, soon);
    this.store.close();
    rmSync(this.home, { recursive: true });
  }
}
