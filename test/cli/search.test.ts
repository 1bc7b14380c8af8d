/** The commands around a search; what its runs do is told to the store in their stead. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followSearch } from '../../src/cli/follow-search.js';
import { enqueueSearch } from '../../src/cli/search.js';
import { parseExperiment } from '../../src/config/parse.js';
import type { SearchPlan } from '../../src/config/search/plan.js';
import { Searches } from '../../src/runner/search/advance.js';
import { createSearch, stopSearch } from '../../src/runner/search/control.js';
import { openStore, type Store } from '../../src/store/store.js';
import { stopReasons } from '../../src/trainer/events.js';
import { memoryTerminal } from './samples.js';
import { repository, Workplace } from './workbench.js';

const place = new Workplace();
const quickstart = join(repository, 'experiments', 'quickstart.yaml');
let store: Store;
beforeAll(() => {
  writeFileSync(rows, Array.from({ length: 8 }, (_, i) => `{"text": "row ${i} of a few"}\n`).join(''));
  store = openStore(place.home);
});
afterAll(() => {
  store.close();
  place.remove();
});

const rows = join(place.folder, 'rows.jsonl');

function file(...lines: string[]): string {
  const path = join(place.folder, 'tried.yaml');
  writeFileSync(path, [`experiment: ${quickstart}`, ...lines].join('\n'));
  return path;
}

describe('what cannot be begun leaves nothing behind: one sentence, exit code 2', () => {
  it.each([
    [['parameters: { lora.rr: [4] }', 'trials: 1'], [], /^workbench: .*tried\.yaml, line 2: there is no key `lora\.rr`: did you mean `lora\.r`\?\n$/],
    [['parameters: { lora.r: [4] }', 'trials: 1', 'stop_losers: { at: [300] }'], [], /`stop_losers\.at` has 300, and a trial makes 200 updates: .*\n$/],
    [['parameters: { lora.r: [4] }', 'trials: 1'], ['--set', `dataset.path=${rows}`, '--set', 'dataset.format=text'], /`metric` is eval_loss, and the experiment has no rows to evaluate on: .*\n$/],
    [['parameters: { lora.r: [4] }', 'trials: 1'], ['--set', 'dataset.path=nowhere.jsonl'], /nowhere\.jsonl/],
    // The first trial makes 4 updates, the second 2.
    [['parameters: { train.per_device_train_batch_size: [2, 4] }', 'method: grid', 'metric: loss', 'stop_losers: { at: [3] }'], ['--set', `dataset.path=${rows}`, '--set', 'dataset.format=text', '--set', 'dataset.val_size=0', '--set', 'train.max_steps=-1', '--set', 'train.num_train_epochs=1', '--set', 'train.logging_steps=1'], /`stop_losers\.at` has 3, and a trial makes 2 updates: .*\n$/],
  ])('%j %j', async (lines, set, sentence) => {
    const outcome = await place.here('search', file(...lines), ...set);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(sentence);
    expect([store.searches(), store.runs(), existsSync(join(place.home, 'supervisor.log'))]).toEqual([[], [], false]);
  });
});

it('lists searches, shows one best first with the command of the best, and forgets it', async () => {
  const plan: SearchPlan = { file: '/s.yaml', experiment: '/e x.yaml', set: ['max_length=64'], metric: 'eval_loss', method: 'grid', seed: 42, rungs: [4], keep: 0.3, keys: ['lora.target_modules', 'train.learning_rate'], on_finish: null };
  const trials = [[['q_proj', 'v_proj'], 1e-3], ['auto', 2e-4], ['auto', 3]].map(([target_modules, learning_rate]) => ({
    parameters: { 'lora.target_modules': target_modules, 'train.learning_rate': learning_rate },
    config: parseExperiment({ model: 'm', dataset: { path: 'd' }, lora: { target_modules }, train: { learning_rate, max_steps: 12, stop_at: 4 } }),
  }));
  expect((await place.here('search', 'list')).stderr).toContain('There are no searches yet');
  const ids = createSearch(store, place.home, { name: 'which', plan, trials }).trials.map(({ run }) => run ?? '');
  const at = { step: 4, total_steps: 12, epoch: 0 };
  const now = new Date().toISOString();
  for (const [i, loss] of [1.25, 2.5].entries()) {
    store.claim(ids[i], { pid: 1, startTime: 'before', bootId: 'another' });
    store.record(ids[i], { type: 'eval', ...at, eval_loss: loss, perplexity: 1, accuracy: null, eval_seconds: 1 }, now);
    store.record(ids[i], { type: 'stopped', ...at, reason: stopReasons.planned, output: 'o' }, now);
  }
  store.claim(ids[2], { pid: 1, startTime: 'before', bootId: 'another' });
  store.record(ids[2], { type: 'failed', reason: 'the loss is not a number', user: true }, now);
  await new Searches(store, place.home).look();
  const command = "workbench train '/e x.yaml' --set max_length=64 --set 'lora.target_modules=[\"q_proj\",\"v_proj\"]' --set train.learning_rate=0.001";

  expect((await place.here('search', 'list')).stdout).toMatch(/^which +running +3 +rung 2 of 2, to the end: 0 of 1 measured +which-1 +eval_loss$/m);
  const shown = await place.here('search', 'show', 'which');
  expect(shown).toMatchObject({ code: 0, stderr: 'workbench: nobody works through the queue: workbench queue start\n' });
  expect(shown.stdout.split('\n')).toEqual([
    'which  running  rung 2 of 2, to the end: 0 of 1 measured (eval_loss)',
    'run      target_modules       learning_rate    at 4  state',
    'which-1  ["q_proj","v_proj"]          0.001  1.2500  queued 4/12',
    'which-2  auto                        0.0002  2.5000  out: 2nd of 3',
    'which-3  auto                             3          out: the loss is not a number',
    '',
    `the best so far: ${command}`,
    '',
  ]);
  const told = JSON.parse((await place.here('search', 'show', 'which', '--json')).stdout) as { trials: { number: number }[]; best: object };
  expect(told.trials.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(told.best).toMatchObject({ number: 1, run: ids[0], name: 'which-1', command });
  expect((await place.here('search', 'show', 'wich')).stderr).toBe('workbench: there is no search "wich": did you mean "which"?\n');

  expect((await place.here('search', 'rm', 'which')).stderr).toContain('is running: stop it first');
  expect((await place.here('search', 'stop', 'which')).stdout).toContain('it goes on with: workbench search resume which');
  expect(store.run(ids[0])).toMatchObject({ state: 'stopped', reason: 'its search was stopped' });

  const follow = async (json: boolean) => {
    const terminal = memoryTerminal({ env: { ...place.env } });
    await followSearch(terminal, place.home, { store, name: 'which', json });
    return terminal.out.join('');
  };
  expect(await follow(true)).toBe((await place.here('search', 'show', 'which', '--json')).stdout);
  expect((await follow(false)).split('\n')).toEqual([
    'which-1  eval_loss 1.250 at update 4', 'which-1  goes on to the end', 'which-2  eval_loss 2.500 at update 4', 'which-2  is out: 2nd of 3 at update 4', 'which-3  is out: failed: the loss is not a number', '',
  ]);
  expect((await place.here('search', 'rm', 'which')).stdout).toContain('workbench runs --filter tag:which');
  expect(store.runs()).toHaveLength(3);
});

it('is put in line once, and goes on where it was stopped', async () => {
  const plan: SearchPlan = { file: '/t.yaml', experiment: '/e.yaml', set: [], metric: 'eval_loss', method: 'grid', seed: 42, rungs: [], keep: 0.3, keys: ['lora.r'], on_finish: null };
  const trials = [4, 8].map((r) => ({ parameters: { 'lora.r': r }, config: parseExperiment({ model: 'm', dataset: { path: 'd' }, lora: { r } }) }));
  const again = () => enqueueSearch(store, place.home, { name: 'lined-up', plan, trials });
  expect(again()).toBe('the search "lined-up" is in line, 2 trials');
  expect(again()).toBe('the search "lined-up" is running already: skipped');
  await stopSearch(store, place.home, 'lined-up');
  expect(again()).toBe('the search "lined-up" goes on');
  await new Searches(store, place.home).look();
  expect(store.queue()).toHaveLength(2);
  const more = [...trials, { ...trials[0], parameters: { 'lora.r': 16 } }];
  expect(enqueueSearch(store, place.home, { name: 'lined-up', plan, trials: more })).toBe('the search "lined-up-3" is in line, 3 trials'); // the second is the name of a run
});
