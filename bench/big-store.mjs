/**
 * A store as large as a diligent person's after years, and what is asked of it by the screen.
 *
 *     node bench/big-store.mjs <folder> [runs] [points a run]      makes it where it is not there, then measures
 *
 * The points are written straight into the table, in its own order; `--json` prints the figures for machines.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cpus, loadavg } from 'node:os';
import Database from 'better-sqlite3';
import { parseExperiment } from '../dist/config/parse.js';
import { filterRuns, sortRuns } from '../dist/store/query.js';
import { openReader, openStore } from '../dist/store/store.js';

const [home, runCount = '10000', pointCount = '10000'] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
if (home === undefined) throw new Error('usage: node bench/big-store.mjs <folder> [runs] [points a run]');
if (!existsSync(join(home, 'workbench.db'))) make(home, Number(runCount), Number(pointCount));
/** @type {Record<string, string | number>} */
const figures = measure(home);
if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
else for (const [what, value] of Object.entries(figures)) console.log(what.padEnd(44), typeof value === 'number' ? `${value.toFixed(1)} ms` : value);

/** Half of the points are of the loss, the others of its four companions. */
function make(home, runs, points) {
  const store = openStore(home);
  const ranks = [4, 8, 16, 32, 64];
  const states = ['completed', 'completed', 'completed', 'stopped', 'failed'];
  const ids = Array.from({ length: runs }, (_, i) => {
    const config = parseExperiment({ model: `/models/model-${i % 7}`, dataset: { path: `/data/set-${i % 13}.jsonl` }, lora: { r: ranks[i % 5] }, train: { learning_rate: 10 ** -(3 + (i % 10) / 5) } });
    return store.createRun({ name: `sweep-${Math.floor(i / 100)}-r${ranks[i % 5]}-${i % 100}`, config }).id;
  });
  const keys = ['loss', 'learning_rate', 'grad_norm', 'tokens_per_second', 'tokens_seen'];
  store.record(ids[0], { type: 'step', step: 1, total_steps: 1, epoch: 0, loss: 1, learning_rate: 1, grad_norm: 1, tokens_seen: 1, tokens_per_second: 1, elapsed_time: 1, remaining_time: 0, memory_bytes: 1 }, new Date().toISOString());
  store.close();
  const db = new Database(join(home, 'workbench.db'));
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  const keyOf = Object.fromEntries(db.prepare('SELECT name, key FROM metric_keys').all().map((/** @type {any} */ { name, key }) => [name, key]));
  const insert = db.prepare(`INSERT OR REPLACE INTO metrics (run, key, step, seq, time, value)
    SELECT @run, @key, value, value, @begin + 1000 * value, @high / sqrt(value + 10) + 0.2 * sin(value * 12.9898) FROM generate_series(1, @steps)`.replace('generate_series(1, @steps)', '(WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < @steps) SELECT value FROM n)'));
  const finish = db.prepare('UPDATE runs SET state = @state, reason = @reason, step = @steps, total_steps = @steps, train_loss = @loss, eval_loss = @eval, best_eval_loss = @eval, tokens_per_second = 8000, started_at = created_at, ended_at = created_at WHERE key = @run');
  const perKey = (key) => Math.round(key === 'loss' ? points / 2 : points / 8);
  for (let first = 1; first <= runs; first += 100) {
    db.transaction(() => {
      for (let run = first; run < Math.min(first + 100, runs + 1); run++) {
        for (const key of keys) insert.run({ run, key: keyOf[key], steps: perKey(key), begin: Date.UTC(2026, 0, 1), high: 3 + (run % 10) });
        const state = states[run % 5];
        finish.run({ run, state, reason: state === 'failed' ? 'the loss is not a number' : null, steps: perKey('loss'), loss: 1 + ((run * 7919) % 1000) / 500, eval: 1.2 + ((run * 104729) % 1000) / 500 });
      }
    })();
    if (process.stderr.isTTY) process.stderr.write(`\r${first + 99} runs`);
  }
  db.pragma('journal_mode = WAL');
  db.close();
}

function measure(home) {
  /** @type {Record<string, string | number>} */
  const figures = { machine: `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}` };
  const time = (what, work, times = 1) => {
    const taken = Array.from({ length: times }, () => {
      const begin = performance.now();
      work();
      return performance.now() - begin;
    }).sort((a, b) => a - b);
    figures[what] = taken[Math.floor(times / 2)];
  };
  /** @type {ReturnType<typeof openReader>} */
  let reader = null;
  /** @type {ReturnType<typeof reader.runs>} */
  let runs = [];
  time('open', () => (reader = openReader(home)));
  time('all runs listed, first time', () => (runs = reader.runs()));
  figures.runs = String(runs.length);
  figures.points = String(reader.sql('SELECT count(*) FROM metrics').rows[0][0]);
  time('listed again, nothing new', () => reader.runs(), 9);
  const store = openStore(home);
  time('listed again, one run has changed', () => {
    store.note(runs[5].id, `${Math.random()}`);
    reader.runs();
  }, 9);
  time('filtered by a word, first time', () => filterRuns(runs, 'r16'));
  time('filtered by a word', () => filterRuns(runs, 'sweep-7'), 9);
  time('filtered by configuration and result', () => filterRuns(runs, 'lora.r>=16 state:completed eval_loss<2 -note:debug'), 9);
  time('sorted by eval loss', () => sortRuns(runs, 'eval_loss'), 9);
  time('sparklines of 50 runs, first time', () => runs.slice(0, 50).forEach(({ id }) => reader.sketch(id, 'loss', 16)));
  time('sparklines of 50 runs', () => runs.slice(0, 50).forEach(({ id }) => reader.sketch(id, 'loss', 16)), 9);
  time('one curve, first time', () => reader.stretches(runs[77].id, { key: 'loss', after: 0, points: 4, limit: 4096 }));
  time('one curve', () => reader.stretches(runs[77].id, { key: 'loss', after: 0, points: 4, limit: 4096 }), 9);
  store.close();
  reader.close();
  return figures;
}
