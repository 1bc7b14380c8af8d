/** Going on with a run that has ended: the same run to the last bit, a longer one, an older point of it, a branch. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withValues } from '../../src/config/keys.js';
import { prepareResume } from '../../src/runner/resume.js';
import { openReader } from '../../src/store/reader.js';
import type { RunRecord } from '../../src/store/rows.js';
import { Tiny } from './tiny.js';

const place = new Tiny();
let whole: string;
beforeAll(async () => {
  whole = place.create();
  await place.run(whole);
}, 180_000);
afterAll(() => place.remove());

interface Wanted {
  readonly changes?: Record<string, unknown>;
  readonly from?: number;
  readonly branch?: boolean;
}

function prepare(id: string, { changes = {}, from, branch = false }: Wanted = {}): Promise<RunRecord> {
  const run = place.store.run(id);
  return prepareResume(place.store, place.home, { run, options: { config: withValues(run.config, changes), from: from ?? null, branch } });
}

const adapter = (id: string) => readFileSync(place.folder(id, 'adapter', 'adapter_model.safetensors'));
const loggedSteps = (id: string) => readFileSync(place.folder(id, 'trainer_log.jsonl'), 'utf8').trim().split('\n')
  .map((line) => JSON.parse(line) as { current_steps: number; loss: number | null }).filter(({ loss }) => loss !== null).map(({ current_steps }) => current_steps);

function damage(id: string, step: number): void {
  const file = place.folder(id, 'checkpoints', `step-${step}`, 'optimizer.safetensors');
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
}

describe('the same run', () => {
  it('passes over a damaged checkpoint, says so, and ends with the same bits', async () => {
    const id = place.create();
    await place.run(id);
    damage(id, 15);
    damage(id, 20);
    place.store.setState(id, 'crashed', 'as if it had been killed at its last update');
    await prepare(id);
    await place.run(id);
    const run = place.store.run(id);
    expect(run).toMatchObject({ state: 'completed', step: 20, resumed_from: place.folder(id, 'checkpoints', 'step-10') });
    expect(place.store.warnings(id).filter((line) => line.includes('optimizer.safetensors is not what was written: an older one is used'))).toHaveLength(2);
    expect(adapter(id)).toEqual(adapter(whole));
    expect(place.losses(id)).toEqual(place.losses(whole));
    expect(loggedSteps(id)).toEqual(loggedSteps(whole));
  });

  it('finds what a kill between the two renames of a save has left under its second name', async () => {
    const id = place.create('train.max_steps=10', 'train.save_steps=10');
    await place.run(id);
    const [checkpoint, output] = [place.folder(id, 'checkpoints', 'step-10'), place.folder(id, 'adapter')];
    for (const folder of [checkpoint, output]) {
      cpSync(folder, join(dirname(folder), `.${basename(folder)}.tmp`), { recursive: true });
      renameSync(folder, join(dirname(folder), `.${basename(folder)}.old`));
    }
    place.store.setState(id, 'crashed', 'as if it had been killed while it saved');
    await prepare(id, { from: 10, changes: { 'train.max_steps': 12 } });
    expect([checkpoint, output].map((folder) => existsSync(folder))).toEqual([true, true]);
    expect(await place.run(id)).toMatchObject({ state: 'completed', step: 12, resumed_from: checkpoint });
  });

  it('goes on from an older checkpoint, and gives up the later ones', async () => {
    const id = place.create('train.max_steps=10');
    await place.run(id);
    await prepare(id, { from: 5 });
    expect(readdirSync(place.folder(id, 'checkpoints'))).toEqual(['step-5']);
    await place.run(id);
    expect(place.store.run(id).resumed_from).toMatch(/step-5$/);
    expect(loggedSteps(id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('does more when it is given more', async () => {
    const id = place.create('train.max_steps=5');
    await place.run(id);
    await prepare(id, { changes: { 'train.max_steps': 8 } });
    expect(await place.run(id)).toMatchObject({ state: 'completed', step: 8, total_steps: 8, config: { train: { max_steps: 8 } } });
    expect(place.losses(id).map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it.each([
    ['nothing left', {}, /is complete after 20 updates: give it more/],
    ['another run', { changes: { 'train.weight_decay': 0.1 } }, /`train.weight_decay` would make it another run: add --branch/],
    ['other tensors', { changes: { 'lora.r': 4 } }, /`lora.r` would make it another run: start a new run/],
    ['an end behind where it begins', { from: 10, changes: { 'train.max_steps': 10 } }, /is at update 10 already: give train.max_steps more than 10/],
    ['a branch that ends before it begins', { branch: true, from: 10, changes: { 'train.max_steps': 8 } }, /would begin at update 10: give train.max_steps more than 10/],
    ['no such step', { from: 7 }, /no checkpoint at step 7: there are 5, 10, 15, 20/],
  ] satisfies [string, Wanted, RegExp][])('is refused: %s', async (_, wanted, sentence) => {
    await expect(prepare(whole, wanted)).rejects.toThrow(sentence);
    expect(place.store.run(whole).state).toBe('completed');
  });
});

describe('a branch', () => {
  it('is a run of its own that begins with the history of its parent', async () => {
    const child = await prepare(whole, { branch: true, from: 10, changes: { 'train.weight_decay': 0.1, 'train.learning_rate': 1e-4 } });
    expect(child).toMatchObject({ parent: whole, name: 'tiny-from-10', state: 'queued' });
    expect(readdirSync(place.folder('')).sort()).toEqual(place.store.runs().map(({ id }) => id).sort());
    await place.run(child.id);
    const [parents, own] = [place.losses(whole), place.losses(child.id)];
    expect(own.map(([step]) => step)).toEqual(parents.map(([step]) => step));
    expect(own.slice(0, 11)).toEqual(parents.slice(0, 11)); // the update after the branching sees the same weights
    expect(own.slice(12)).not.toEqual(parents.slice(12));
    expect(place.store.run(whole)).toMatchObject({ state: 'completed', step: 20 });
    expect(existsSync(join(place.folder(whole), 'checkpoints', 'step-20'))).toBe(true);
  });

  it('has its checkpoint before there is a record of it, and leaves none where it cannot be moved', async () => {
    const before = place.store.runs().map(({ id }) => id);
    const { config } = place.store.run(whole);
    const branch = { name: 'killed', config, parent: whole, step: 10 };
    expect(() => place.store.branchRun(branch, () => {
      throw new Error('no space');
    })).toThrow('no space');
    expect(place.store.runs().map(({ id }) => id)).toEqual(before);
    const seen: string[][] = [];
    const reader = openReader(place.home);
    const child = place.store.branchRun(branch, () => seen.push(reader.runs().map(({ id }) => id)));
    reader.close();
    expect(seen).toEqual([before]);
    place.store.cancel(child.id, 'only looked at');
  });

  it('cannot change what its tensors depend on', async () => {
    await expect(prepare(whole, { branch: true, changes: { 'lora.r': 4 } })).rejects.toThrow(/`lora.r` cannot change after a checkpoint, not even in a branch/);
  });
});
