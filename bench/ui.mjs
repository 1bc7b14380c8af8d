/** Measures the screen in a pseudo-terminal and writes the table of docs/performance-ui.md. On an idle machine; some three minutes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { machine, median, table } from './report.mjs';
import { benchFirstFrame } from './start-up.mjs';
import { Screen } from './ui-screen.mjs';
import { manyRuns, steadyRun } from './ui-stores.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const load = loadavg()[0];
const log = (line) => console.error(line);
if (load > 0.5) log(`other work runs on this machine (load ${load.toFixed(1)}): the times will be too long`);

const homes = [];
const newHome = () => {
  const home = mkdtempSync(join(tmpdir(), 'workbench-bench-ui-'));
  homes.push(home);
  return home;
};

/** While the demo trains as fast as it can on the same cores. */
async function keysWhileTraining() {
  const home = newHome();
  const env = { ...process.env, WORKBENCH_HOME: home };
  const quickstart = [join(root, 'bin/workbench'), 'train', join(root, 'experiments/quickstart.yaml'), '--detach', '--set', 'train.num_train_epochs=200', '--set', 'train.eval_steps=100000'];
  execFileSync(process.execPath, quickstart, { env, stdio: 'ignore' });
  const screen = new Screen(home);
  await screen.until('Workbench');
  await screen.press('2', 'Samples');
  const times = [];
  for (let i = 0; i < 300; i++) {
    times.push(await screen.press('y'));
    await wait(20 + (i % 7) * 10); // at no fixed distance from the frames of the run
  }
  await screen.close();
  execFileSync(process.execPath, [join(root, 'bin/workbench'), 'kill', 'quickstart'], { env, stdio: 'ignore' });
  times.sort((a, b) => a - b);
  return { median: median(times), p99: times[Math.floor(times.length * 0.99)] };
}

/** On Live, while a run logs ten steps a second. */
async function steadyCost(seconds) {
  const home = newHome();
  const run = steadyRun(home, { rate: 10 });
  const screen = new Screen(home);
  await screen.until('Workbench');
  await screen.press('2', 'Samples');
  await wait(5000); // what loads late is no part of the steady state
  const before = { cpu: screen.cpuSeconds(), bytes: screen.output.length, at: performance.now() };
  const memory = [];
  while (performance.now() - before.at < seconds * 1000) {
    memory.push([(performance.now() - before.at) / 60_000, screen.memory() / 2 ** 20]);
    await wait(1000);
  }
  const elapsed = (performance.now() - before.at) / 1000;
  const cost = { cpu: (screen.cpuSeconds() - before.cpu) / elapsed, bytes: (screen.output.length - before.bytes) / elapsed, memory: memory.at(-1)[1], growth: slope(memory.slice(memory.length >> 1)) };
  await screen.close();
  run.end();
  return cost;
}

/** Of the line of least squares. */
function slope(points) {
  const mean = (i) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0) / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}

async function manyListed(count) {
  const home = newHome();
  manyRuns(home, count);
  const screen = new Screen(home);
  await screen.until('Workbench');
  await wait(3000);
  const listed = [];
  const filtered = [];
  for (let round = 0; round < 5; round++) {
    listed.push(await screen.press('3'));
    await screen.press('/');
    filtered.push(await screen.press('run-77'));
    await screen.press('\u001b');
    await wait(200);
    await screen.press('1');
    await wait(200);
  }
  await screen.close();
  return { listed: median(listed), filtered: median(filtered) };
}

try {
  const firstFrame = await benchFirstFrame();
  log(`first frame ${Math.round(firstFrame)} ms`);
  const keys = await keysWhileTraining();
  log(`key to frame ${Math.round(keys.median)} ms, 99th percentile ${Math.round(keys.p99)} ms`);
  const runs = 10_000;
  const many = await manyListed(runs);
  log(`${runs} runs listed in ${Math.round(many.listed)} ms, filtered in ${Math.round(many.filtered)} ms`);
  const steady = await steadyCost(90);
  log(`${(100 * steady.cpu).toFixed(1)} % of a core, ${Math.round(steady.bytes)} bytes/s`);
  const rows = [
    ['first frame', `${Math.round(firstFrame)} ms`, '300 ms'],
    ['key to frame while a run trains at full speed, median', `${Math.round(keys.median)} ms`, '30 ms'],
    ['the same, 99th percentile', `${Math.round(keys.p99)} ms`, '60 ms'],
    ['10,000 runs, key to list', `${Math.round(many.listed)} ms`, '150 ms'],
    ['10,000 runs, six letters of a filter', `${Math.round(many.filtered)} ms`, '100 ms'],
    ['share of a core on Live, a run logging ten steps a second', `${(100 * steady.cpu).toFixed(1)} %`, '3 %'],
    ['written to the terminal there', `${(steady.bytes / 1000).toFixed(1)} kB/s`, '20 kB/s'],
    ['resident memory there, and its growth', `${Math.round(steady.memory)} MB, ${steady.growth >= 0 ? '+' : ''}${steady.growth.toFixed(2)} MB a minute`, 'flat'],
  ];
  const text = `# Performance of the screen\n\nWritten by \`npm run bench:ui\` on ${machine()}; load of other work at the start: ${load.toFixed(1)}. A real pseudo-terminal of 120 columns and 40 rows.\n\n${table(['what', 'measured', 'to stay under'], rows)}\n`;
  writeFileSync(join(root, 'docs/performance-ui.md'), text);
  console.log(text);
} finally {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
}
