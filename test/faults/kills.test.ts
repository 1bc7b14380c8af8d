/**
 * Runs are killed at random moments, saves among them, and go on until they are done: nothing may be lost. A few
 * kills with every `npm test`; WORKBENCH_FAULT_KILLS sets how many, WORKBENCH_FAULT_SEED repeats an outcome's choices.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareResume } from '../../src/runner/resume.js';
import { Random } from '../../src/util/random.js';
import { Tiny } from '../runner/tiny.js';
import { report } from './counts.js';

const kills = Number(process.env['WORKBENCH_FAULT_KILLS'] ?? 3);
const seed = Number(process.env['WORKBENCH_FAULT_SEED'] ?? Date.now() % 1e6);
const random = new Random(seed, 'faults');
const counts = { 'kills survived': 0, 'kills during a save': 0, 'states told right within two seconds': 0, 'checkpoints damaged': 0, 'damaged checkpoints detected': 0, 'resumes identical': 0 };

const place = new Tiny();
const steps = 40;
const settings = [`train.max_steps=${steps}`, 'train.save_steps=1', 'train.save_total_limit=3', 'lora.lora_dropout=0.1'];
const minutesEach = 60_000;
let whole: string;

beforeAll(async () => {
  whole = place.create(...settings);
  await place.run(whole);
}, minutesEach);
afterAll(async () => {
  report(`kills (seed ${seed})`, counts);
  await place.remove();
});

const upTo = (limit: number) => Math.floor(random.uniform() * limit);
const checkpoints = (id: string) => readdirSync(place.folder(id, 'checkpoints')).filter((name) => name.startsWith('step-')).sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)));
const adapter = (id: string) => readFileSync(place.folder(id, 'adapter', 'adapter_model.safetensors'));

/** Starts it, or has it go on, and kills it some milliseconds after it has come to a step. */
async function killLater(id: string): Promise<void> {
  await place.start(id);
  const before = place.store.run(id).step;
  const target = Math.min(steps - 5, before + 1 + upTo(6));
  await place.until(id, ({ state, step }) => state === 'running' && step >= target && step > before);
  await wait(upTo(40));
  const { pid } = place.store.processOf(id)!;
  const at = Date.now();
  process.kill(pid, 'SIGKILL');
  await place.until(id, ({ state, reason }) => state === 'crashed' && /SIGKILL/.test(reason ?? ''));
  counts['kills survived']++;
  if (Date.now() - at < 2000) counts['states told right within two seconds']++; // a figure, not a promise of a machine under load
  const checkpoints = place.folder(id, 'checkpoints'); // which a kill may come before
  if (existsSync(checkpoints) && readdirSync(checkpoints).some((name) => name.endsWith('.tmp'))) counts['kills during a save']++;
}

/** One bit of one file of the newest checkpoint, if there is an older one. */
function damage(id: string): void {
  const [newest, older] = checkpoints(id);
  if (older === undefined) return;
  const folder = place.folder(id, 'checkpoints', newest);
  const files = readdirSync(folder);
  const file = join(folder, files[upTo(files.length)]);
  const bytes = readFileSync(file);
  if (file.endsWith('trainer_state.json')) bytes.fill(0, bytes.length >> 1);
  else bytes[upTo(bytes.length)] ^= 1 << upTo(8);
  writeFileSync(file, bytes);
  counts['checkpoints damaged']++;
}

it(`loses nothing in ${kills} kills`, { timeout: minutesEach * (1 + kills) }, async () => {
  for (let run = 0; counts['kills survived'] < kills; run++) {
    const id = place.create(...settings);
    for (let i = 0; i < 5 && counts['kills survived'] < kills; i++) {
      await killLater(id);
      if (run % 2 === 0 && i === 1) damage(id);
      const { config } = place.store.run(id);
      await prepareResume(place.store, place.home, { run: place.store.run(id), options: { config, from: null, branch: false } });
    }
    await place.run(id);
    counts['damaged checkpoints detected'] += place.store.warnings(id).filter((line) => line.includes('is damaged')).length;
    expect(place.store.run(id), place.store.run(id).reason ?? '').toMatchObject({ state: 'completed', step: steps });
    expect(place.losses(id)).toEqual(place.losses(whole));
    expect(adapter(id)).toEqual(adapter(whole));
    expect(readdirSync(place.folder(id, 'checkpoints')).filter((name) => name.endsWith('.tmp')), 'left behind').toEqual([]);
    counts['resumes identical']++;
  }
  expect(counts['damaged checkpoints detected']).toBe(counts['checkpoints damaged']);
});
