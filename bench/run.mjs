/**
 * Measures and writes docs/performance.md.
 *
 *     npm run bench                                  every section
 *     npm run bench -- --only memory,scaling         these; the others stay as they were measured last (bench/figures.json)
 *
 * WORKBENCH_BENCH_PYTHON names a Python with torch, transformers, peft and tokenizers to compare with (default: python3);
 * what it lacks is left out, and said. A section that fails is told and leaves the others as they are.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchAround } from './around.mjs';
import { benchFullTuning } from './full-tuning.mjs';
import { writeModel } from './gpt2-small.mjs';
import { benchInstructions } from './instructions.mjs';
import { benchMemory } from './memory.mjs';
import { performanceReport } from './performance.mjs';
import { coresBusy, machine } from './report.mjs';
import { benchScaling } from './scaling.mjs';
import { benchStartUp } from './start-up.mjs';
import { benchTokenizing } from './tokenizing.mjs';
import { benchTraining } from './training.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const material = join(root, '../shared/material');
const python = process.env.WORKBENCH_BENCH_PYTHON ?? 'python3';
const figuresFile = join(root, 'bench/figures.json');
const log = (line) => console.error(line);

const sections = {
  'start-up': () => benchStartUp(),
  tokenizing: () => (existsSync(material) ? benchTokenizing({ material, names: ['gpt2', 'tinyllama'], python }) : []),
  training: (folder) => benchTraining({ folder, python, log }),
  instructions: (folder) => benchInstructions({ folder, material, python, log }),
  'full-tuning': (folder) => benchFullTuning({ folder, python, log }),
  memory: (folder) => benchMemory({ folder, log }),
  around: (folder) => benchAround({ folder, material, log }),
  scaling: (folder) => benchScaling({ folder, material, log }),
};

const place = process.argv.indexOf('--only');
const wanted = place < 0 ? Object.keys(sections) : (process.argv[place + 1] ?? '').split(',');
const unknown = wanted.filter((name) => !(name in sections));
if (unknown.length > 0) {
  log(`there is no section ${unknown.join(', ')}: ${Object.keys(sections).join(', ')}`);
  process.exit(2);
}

const figures = existsSync(figuresFile) ? JSON.parse(await readFile(figuresFile, 'utf8')) : {};
const folder = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
try {
  if (wanted.some((name) => sections[name].length > 0)) {
    log('writing the weights of a model of 124 million parameters');
    await writeModel(folder);
  }
  for (const name of wanted) {
    const busy = await coresBusy();
    const begun = performance.now();
    try {
      figures[name] = { machine: machine(), busy, data: await sections[name](folder), seconds: 0 };
      figures[name].seconds = Math.round((performance.now() - begun) / 1000);
      log(`${name}: ${figures[name].seconds} s${busy > 0.1 ? `; other work runs on this machine (${busy.toFixed(2)} cores busy before)` : ''}`);
      await writeFile(figuresFile, `${JSON.stringify(figures, null, 1)}\n`);
    } catch (error) {
      log(`${name} could not be measured: ${error.stack ?? error}`);
      process.exitCode = 1;
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
await writeFile(join(root, 'docs/performance.md'), performanceReport(figures));
