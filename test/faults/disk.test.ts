/** A disk that is full, a real one: a small file system in memory, where this user may mount one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { prepareDataset } from '../../src/data/dataset.js';
import { loadTokenizer } from '../../src/data/tokenizer/index.js';
import { writeWhole } from '../../src/trainer/checkpoint/checkpoint.js';
import { openStore } from '../../src/store/store.js';
import { Workplace } from '../cli/workbench.js';
import type { TrainEvent } from '../../src/trainer/events.js';
import { experimentOf, run } from '../trainer/support.js';
import { Tiny, tinyExperiment } from '../runner/tiny.js';

const place = new Tiny();
const mounted: string[] = [];

function mount(folder: string, size: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  mounted.push(folder);
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-mount-'));
  try {
    mount(folder, '64k');
    return true;
  } catch {
    rmSync(folder, { recursive: true });
    return false;
  }
}

afterAll(async () => {
  for (const folder of mounted) execFileSync('umount', [folder]);
  await place.remove();
});

const able = canMount();

it.skipIf(!able)('is foreseen: the save is left out with a warning, and the run ends well (needs to mount a tmpfs)', async () => {
  const id = place.create('train.max_steps=6', 'train.save_steps=3');
  mount(place.folder(id, 'checkpoints'), '1m');
  expect(await place.run(id)).toMatchObject({ state: 'completed', step: 6, checkpoints: [] });
  expect(place.troubles(id)).toEqual([3, 6].map((step) => expect.stringMatching(new RegExp(`^The checkpoint at step ${step} could not be written: it takes .* are free on the disk`)) as string));
});

it.skipIf(!able)('an old checkpoint that cannot be removed is told, and the run goes on (needs to mount a tmpfs)', async () => {
  const stuck = (path: string) => mounted.includes(path) || mount(path, '64k');
  const controls = (events: readonly TrainEvent[]) => {
    const first = events.find((event) => event.type === 'checkpoint');
    if (first !== undefined) stuck(first.path);
    return [];
  };
  const done = await run(experimentOf({ train: { max_steps: 2, save_steps: 1, eval_steps: 0, save_total_limit: 1, save_best: false } }), { controls });
  expect(done.events.filter(({ type }) => type === 'warning').at(-1)).toMatchObject({ message: expect.stringMatching(/^Older checkpoints could not be removed: .*step-1/) as string });
  expect(done.events.at(-1)).toMatchObject({ type: 'completed', step: 2 });
});

it.skipIf(!able)('a home that is mounted read-only: one sentence, and nothing lost when it can be written again (needs to mount a tmpfs)', async () => {
  const cli = new Workplace(place.folder('read-only'));
  mount(cli.home, '8m');
  const store = openStore(cli.home);
  const { id } = store.createRun({ name: 'kept', config: tinyExperiment() });
  store.cancel(id, 'only a record');
  store.close();
  execFileSync('mount', ['-o', 'remount,ro', cli.home]);
  for (const command of [['runs'], ['tag', id, 'x'], ['queue', 'list']]) {
    expect(await cli.run(...command)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^workbench: the store .* cannot be read and written: mend its permissions, or set WORKBENCH_HOME/) as string });
  }
  execFileSync('mount', ['-o', 'remount,rw', cli.home]);
  expect((await cli.run('runs')).stdout).toContain('kept');
  cli.remove();
});

it.skipIf(!able)('that fills up in the middle of a save leaves nothing half written (needs to mount a tmpfs)', async () => {
  const disk = place.folder('disk');
  mount(disk, '256k');
  const fill = (temporary: string) => Promise.resolve(writeFileSync(join(temporary, 'large'), Buffer.alloc(1 << 20)));
  await expect(writeWhole(join(disk, 'step-1'), fill)).rejects.toThrow(/ENOSPC/);
  await writeWhole(join(disk, 'step-2'), (temporary) => Promise.resolve(writeFileSync(join(temporary, 'small'), 'fits')));
});

it.skipIf(!able)('that fills up while a corpus is tokenised: one sentence, what is whole stays, and with more room it goes on (needs to mount a tmpfs)', async () => {
  const cacheFolder = place.folder('cache');
  mount(cacheFolder, '256k');
  const corpus = place.folder('corpus.jsonl');
  writeFileSync(corpus, Array.from({ length: 4000 }, (_, i) => `${JSON.stringify({ text: `row ${i} of a corpus that is too large for a small disk` })}\n`).join(''));
  const experiment = experimentOf({ dataset: { path: corpus, format: 'text' } });
  const tokenizer = await loadTokenizer(experiment.model);
  const prepare = () => prepareDataset(experiment, tokenizer, { cacheFolder, partUnits: 20_000 });
  await expect(prepare()).rejects.toThrow(/^The disk of .*cache is full, and the tokens of .*corpus.jsonl do not fit: what is done of them is kept; free some space/);
  const [parts, ...others] = readdirSync(cacheFolder);
  expect([parts.endsWith('.parts'), others]).toEqual([true, []]);
  const whole = readdirSync(join(cacheFolder, parts));
  expect(whole.filter((name) => !name.endsWith('.tokens'))).toEqual([]);
  expect(whole.length).toBeGreaterThan(1);
  execFileSync('mount', ['-o', 'remount,size=8m', cacheFolder]);
  expect((await prepare()).train.length).toBe(4000);
  expect(readdirSync(cacheFolder)).toEqual([expect.stringMatching(/\.tokens$/)]);
});
