/** A search on a real store; what its runs do is told to the store in their stead. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withValues } from '../../../src/config/keys.js';
import { keptModule } from '../../../src/config/module.js';
import { parseExperiment } from '../../../src/config/parse.js';
import type { SearchPlan } from '../../../src/config/search/plan.js';
import type { Trial } from '../../../src/config/search/trials.js';
import { announceSearch } from '../../../src/runner/finish.js';
import { ownIdentity } from '../../../src/runner/identity.js';
import { prepareResume } from '../../../src/runner/resume.js';
import { Searches } from '../../../src/runner/search/advance.js';
import { createSearch, resumeSearch, stopSearch } from '../../../src/runner/search/control.js';
import { bestTrial, ranked } from '../../../src/runner/search/ranking.js';
import { runFolder } from '../../../src/store/folders.js';
import type { ProcessIdentity } from '../../../src/store/rows.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { stopReasons, type TrainEvent } from '../../../src/trainer/events.js';

let home: string;
let store: Store;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-search-'));
  store = openStore(home);
});
afterEach(() => {
  store.close();
  rmSync(home, { recursive: true });
});

const plan: SearchPlan = { file: '/s.yaml', experiment: '/e.yaml', set: [], metric: 'eval_loss', method: 'grid', seed: 42, rungs: [4, 8], keep: 0.5, keys: ['lora.r'], on_finish: null };
const trial = (r: number) => ({ parameters: { 'lora.r': r }, config: parseExperiment({ model: 'm', dataset: { path: 'd' }, lora: { r }, train: { max_steps: 12, stop_at: 4 } }) });

function begin(count: number, change: Partial<SearchPlan> = {}): string[] {
  const trials = Array.from({ length: count }, (_, i) => trial(i + 1));
  return createSearch(store, home, { name: 's', plan: { ...plan, ...change }, trials }).trials.map(({ run }) => run ?? '');
}

const say = (id: string, event: TrainEvent) => store.record(id, event, new Date().toISOString());
const at = (step: number) => ({ step, total_steps: 12, epoch: 0 });
/** Its process is gone when all is said. */
const gone: ProcessIdentity = { pid: 1, startTime: 'before', bootId: 'another' };
const claim = (id: string) => store.claim(id, gone);

/** A run trains to its stop or its end, where it has this loss. */
function train(id: string, loss: number): void {
  expect(claim(id)).toBe(true);
  const stop = store.run(id).config.train.stop_at;
  say(id, { type: 'eval', ...at(stop ?? 12), eval_loss: loss, perplexity: 1, accuracy: null, eval_seconds: 1 });
  if (stop === null) say(id, { type: 'completed', ...at(12), output: 'o', peak_memory_bytes: 1 });
  else say(id, { type: 'stopped', ...at(stop), reason: stopReasons.planned, output: 'o' });
  store.clearProcess(id, gone);
}

const advance = () => new Searches(store, home).look();
const states = () => store.search('s').trials.map(({ run }) => (run === null ? 'gone' : store.run(run).state));

it('begins with a run a trial, named, tagged and in line; or with nothing at all', () => {
  const ids = begin(3);
  expect(store.queue()).toEqual(ids);
  expect(ids.map((id) => store.run(id))).toMatchObject([1, 2, 3].map((n) => ({ name: `s-${n}`, state: 'queued', tags: ['s'], config: { name: `s-${n}`, lora: { r: n }, train: { stop_at: 4 } } })));
  expect(store.sql("SELECT number, name, rung, parameters ->> '$.\"lora.r\"' AS r FROM trials WHERE search = 's' ORDER BY number").rows).toEqual([1, 2, 3].map((n) => [n, `s-${n}`, 0, n]));
  expect(() => store.search('sx')).toThrow(/there is no search "sx": did you mean "s"\?/);
});

describe('rungs', () => {
  it('are decided when all are there, and then again for those that went on', async () => {
    const [a, b, c, d] = begin(4);
    train(a, 3);
    train(c, 1);
    expect(await advance()).toEqual({ open: true, told: [] });
    expect(store.search('s').trials.map(({ measured }) => measured)).toEqual([[3], [], [1], []]);
    train(d, 2);
    train(b, 4);
    expect((await advance()).told).toEqual(['s: trial 1 is out: 3rd of 4 at update 4', 's: trial 2 is out: 4th of 4 at update 4', 's: trial 3 goes on', 's: trial 4 goes on']);
    expect(store.queue()).toEqual([c, d]);
    expect([c, d].map((id) => store.run(id).config.train.stop_at)).toEqual([8, 8]);
    expect(await advance()).toEqual({ open: true, told: [] });
    train(c, 0.9);
    train(d, 0.7);
    await advance();
    expect(store.queue()).toEqual([d]);
    expect(store.run(d).config.train.stop_at).toBeNull();
    train(d, 0.8);
    expect(await advance()).toEqual({ open: false, told: ['s: trial 4 is the best'] });
    expect(store.untoldSearches()).toEqual(['s']);
    expect(store.search('s')).toMatchObject({ state: 'completed', trials: [{ measured: [3] }, { measured: [4] }, { measured: [1, 0.9], lost: '2nd of 2 at update 8' }, { measured: [2, 0.7, 0.8], lost: null }] });
    expect(store.run(d).tags).toEqual(['best', 's']);
    expect(ranked(store.search('s')).map(({ number }) => number)).toEqual([4, 3, 1, 2]);
    expect(await advance()).toEqual({ open: false, told: [] });
  });

  it('count a trial that gives its best weights by those', async () => {
    const [a, b] = begin(2, { rungs: [4], keep: 1 });
    [a, b].forEach((id) => train(id, 2));
    await advance();
    claim(a);
    for (const [step, loss] of [[6, 1], [12, 3]]) say(a, { type: 'eval', ...at(step), eval_loss: loss, perplexity: 1, accuracy: null, eval_seconds: 1 });
    say(a, { type: 'completed', ...at(12), output: 'o', peak_memory_bytes: 1, best: { step: 6, metric: 'eval_loss', value: 1 } });
    store.clearProcess(a, gone);
    train(b, 2);
    expect((await advance()).told).toEqual(['s: trial 1 is the best']);
    expect(store.search('s').trials.map(({ measured }) => measured)).toEqual([[2, 1], [2, 2]]);
  });

  it('go on where a supervisor was killed between the decision and what follows from it', async () => {
    const [a, b] = begin(2);
    train(a, 1);
    train(b, 2);
    // What it had written by then.
    store.changeTrials('s', [{ number: 1, measured: [1] }, { number: 2, measured: [2] }, { number: 2, lost: 'x' }, { number: 1, rung: 1 }]);
    expect(store.queue()).toEqual([]);
    await advance();
    expect(store.queue()).toEqual([a]);
    expect(store.run(b).state).toBe('stopped');
  });

  it('do without who has failed, was deleted or was taken out by hand', async () => {
    const [a, b, c, d, e, f] = begin(6);
    claim(a);
    say(a, { type: 'failed', reason: 'the loss is not a number', user: true });
    claim(b);
    store.setState(b, 'crashed', 'native code crashed');
    store.cancel(c, 'taken out of the queue');
    store.cancel(d, 'x');
    store.remove(d);
    train(e, NaN);
    expect(states()).toEqual(['failed', 'crashed', 'stopped', 'gone', 'stopped', 'queued']);
    await advance();
    train(f, 5);
    await advance();
    expect(store.search('s').trials.map(({ lost }) => lost)).toEqual([
      'failed: the loss is not a number', 'crashed: native code crashed', 'taken out by hand (taken out of the queue)', 'its run was deleted', 'its eval_loss is no number at update 4', null,
    ]);
    expect(store.queue()).toEqual([f]);
    expect(bestTrial(store.search('s'))?.number).toBe(6);
  });

  it('end the search where nobody is left', async () => {
    const [a] = begin(1);
    claim(a);
    say(a, { type: 'failed', reason: 'no', user: true });
    expect((await advance()).told).toEqual(['s: trial 1 is out: failed: no', 's: no trial is left']);
    expect(store.search('s')).toMatchObject({ state: 'failed', reason: 'no trial is left' });
  });

  it('have who was cut off go on, before what waits', async () => {
    const ids = begin(4);
    const [a, b, c] = ids;
    const { id: other } = store.createRun({ name: 'other', config: trial(1).config });
    store.enqueue(other);
    claim(a);
    store.setState(a, 'crashed', 'the machine was restarted, or lost power, while it ran');
    claim(b);
    say(b, { type: 'stopped', ...at(3), reason: stopReasons.outside, output: null });
    store.clearProcess(b, gone);
    // Before it was evaluated at its rung, so that it has to be; its stop stays.
    claim(c);
    say(c, { type: 'step', ...at(4), loss: 1, learning_rate: 1, grad_norm: 1, tokens_seen: 1, tokens_per_second: 1, elapsed_time: 1, remaining_time: 1, memory_bytes: 1 });
    store.setState(c, 'crashed', 'its process is gone and nobody saw how: most likely killed');
    await advance();
    expect(store.queue()).toEqual([a, b, c, ids[3], other]);
    expect(store.run(c).config.train.stop_at).toBe(4);
  });

  it('wait for a process that has told its end and is not gone', async () => {
    const [a] = begin(1);
    store.claim(a, ownIdentity());
    say(a, { type: 'eval', ...at(4), eval_loss: 1, perplexity: 1, accuracy: null, eval_seconds: 1 });
    say(a, { type: 'stopped', ...at(4), reason: stopReasons.planned, output: 'o' });
    expect(await advance()).toEqual({ open: true, told: [] });
    store.clearProcess(a, ownIdentity());
    expect((await advance()).told).toEqual(['s: trial 1 goes on']);
  });

  it('count what a run had there that was resumed by hand beyond it', async () => {
    const [a, b] = begin(2);
    train(a, 1);
    await advance();
    // A run that has ended at its stop goes on to its end.
    expect((await prepareResume(store, home, { run: store.run(a), options: { config: store.run(a).config, from: null, branch: false } })).config.train.stop_at).toBeNull();
    train(a, 0.5);
    train(b, 2);
    await advance();
    await advance();
    await advance();
    expect(store.search('s')).toMatchObject({ state: 'completed', trials: [{ lost: null }, { lost: '2nd of 2 at update 4' }] });
  });
});

it('has names that are nobody else\'s', () => {
  begin(1);
  expect(() => store.createSearch({ name: 's', plan, trials: [] })).toThrow(/there is a search "s" already/);
  store.removeSearch('s'); // its run keeps the tag
  store.createRun({ name: 's-2-1', config: trial(1).config });
  begin(1);
  expect([...store.searchStates().keys()]).toEqual(['s-3']);
  expect(store.runs().map(({ name }) => name)).toEqual(['s-3-1', 's-2-1', 's-1']);
});

it('leaves no folder behind where it cannot be begun', () => {
  const module = join(home, 'recipe.mjs');
  writeFileSync(module, 'export default {};');
  const config = withValues(trial(1).config, { 'recipe.path': module });
  const failing = { ...trial(2), config: { ...trial(2).config, toJSON: () => { throw new Error('no room'); } } };
  const run = (trials: readonly Trial[]) => createSearch(store, home, { name: 's', plan, trials });
  expect(() => run([{ ...trial(1), config }, failing])).toThrow('no room');
  expect(readdirSync(home).includes('runs') ? readdirSync(join(home, 'runs')) : []).toEqual([]);
  const [{ run: id }] = run([{ ...trial(1), config }]).trials;
  expect(existsSync(keptModule(runFolder(home, id ?? ''), module))).toBe(true);
});

it('has its end told by one caller alone, and not while it is open', async () => {
  const [a] = begin(1, { rungs: [], on_finish: 'echo "$WORKBENCH_SEARCH_STATE $WORKBENCH_RUN_ID" >> ended' });
  expect(store.takeSearchEnd('s')).toBe(false);
  store.cancel(a, 'x');
  store.requeue(a, { ...store.run(a).config, train: { ...store.run(a).config.train, stop_at: null } });
  train(a, 1);
  await advance();
  // As the next supervisor finds it, where the one that has ended the search was killed.
  expect(store.untoldSearches()).toEqual(['s']);
  expect(await Promise.all([announceSearch(store, home, 's'), announceSearch(store, home, 's')])).toEqual([null, null]);
  expect(readFileSync(join(runFolder(home, a), 'ended'), 'utf8')).toBe(`completed ${a}\n`);
  expect(store.untoldSearches()).toEqual([]);
});

describe('a look', () => {
  it('does nothing where nothing was written, and waits for a process of which no write tells', async () => {
    const [a, b] = begin(2);
    const searches = new Searches(store, home);
    let looks = 0;
    const looked = store.search.bind(store);
    store.search = (name) => {
      looks++;
      return looked(name);
    };
    const settled = async () => {
      await searches.look();
      looks = 0;
      await searches.look();
      return looks === 0;
    };
    expect(await settled()).toBe(true);
    train(a, 1);
    await searches.look(); // writes what it has measured
    expect(await settled()).toBe(true);
    store.claim(b, ownIdentity());
    say(b, { type: 'stopped', ...at(4), reason: stopReasons.planned, output: 'o' });
    expect(await settled()).toBe(false);
  });

  it('tells once what goes wrong with a trial, tries it again, and has the others go on', async () => {
    const [a, b] = begin(2, { keep: 0.9 });
    train(a, 1);
    train(b, 2);
    const run = store.run.bind(store);
    let broken = true;
    store.run = (id) => {
      if (broken && id === b) throw new Error('EIO');
      return run(id);
    };
    const searches = new Searches(store, home);
    expect((await searches.look()).told).toEqual(['s: trial 1 goes on', 's: trial 2 goes on', 's: trial 2 is tried again: EIO']);
    expect(store.queue()).toEqual([a]);
    expect(await searches.look()).toEqual({ open: true, told: [] });
    broken = false;
    await searches.look();
    expect(store.queue()).toEqual([b, a]);
  });
});

it('goes on with a trial that its stop reaches when it is resumed already', async () => {
  const [a, b] = begin(2);
  claim(a);
  store.setSearchState('s', { state: 'stopped', from: 'running', reason: 'x' });
  store.cancel(b, 'x');
  resumeSearch(store, 's');
  await advance();
  say(a, { type: 'stopped', ...at(2), reason: stopReasons.user, output: 'o' });
  store.clearProcess(a, gone);
  await advance();
  expect(store.queue()).toEqual([a, b]);
  // From here on it is somebody's judgement again.
  claim(a);
  say(a, { type: 'stopped', ...at(3), reason: stopReasons.user, output: 'o' });
  store.clearProcess(a, gone);
  expect((await advance()).told).toEqual([`s: trial 1 is out: taken out by hand (${stopReasons.user})`]);
});

it('says which of its trials could not be asked to stop', async () => {
  const [a, b] = begin(2);
  store.claim(a, { pid: 1, startTime: 'before', bootId: 'another', host: 'elsewhere' });
  await expect(stopSearch(store, home, 's')).rejects.toThrow(/^the search "s" is stopped, but for 1 trial: the run "s-1" .* is on elsewhere/);
  expect(store.search('s').state).toBe('stopped');
  expect([a, b].map((id) => store.run(id).state)).toEqual(['running', 'stopped']);
});

it('without rungs, all train to their end and the best is the first', async () => {
  const ids = begin(3, { rungs: [], metric: 'accuracy' });
  for (const id of ids) store.cancel(id, 'to be made anew');
  for (const [i, id] of ids.entries()) {
    store.requeue(id, { ...store.run(id).config, train: { ...store.run(id).config.train, stop_at: null } });
    claim(id);
    say(id, { type: 'eval', ...at(12), eval_loss: 1, perplexity: 1, accuracy: [0.5, 0.9, 0.7][i], eval_seconds: 1 });
    say(id, { type: 'completed', ...at(12), output: 'o', peak_memory_bytes: 1 });
    store.clearProcess(id, gone);
  }
  expect((await advance()).told).toEqual(['s: trial 2 is the best']);
  expect(store.search('s').trials.map(({ lost }) => lost)).toEqual([null, null, null]);
});

it('is stopped and goes on', async () => {
  const [a, b, c] = begin(3);
  train(a, 1);
  await advance();
  claim(b);
  say(b, { type: 'stopped', ...at(2), reason: stopReasons.user, output: 'o' });
  store.clearProcess(b, gone);
  await stopSearch(store, home, 's');
  expect(states()).toEqual(['stopped', 'stopped', 'stopped']);
  expect(await advance()).toEqual({ open: false, told: [] });
  await expect(stopSearch(store, home, 's')).rejects.toThrow(/is stopped: there is nothing to stop/);
  resumeSearch(store, 's');
  expect(store.queue()).toEqual([]);
  await advance();
  expect(store.queue()).toEqual([b, c]);
  expect(() => resumeSearch(store, 's')).toThrow(/is running: only one that was stopped/);
  train(b, 2);
  train(c, 3);
  expect((await advance()).told).toEqual(['s: trial 3 is out: 3rd of 3 at update 4', 's: trial 1 goes on', 's: trial 2 goes on']);
  store.removeSearch('s');
  expect(store.runs()).toHaveLength(3);
});

describe('a trial that is resumed by hand', () => {
  const resumed = async (id: string) => (await prepareResume(store, home, { run: store.run(id), options: { config: store.run(id).config, from: null, branch: false } })).config.train.stop_at;
  function crash(id: string): void {
    claim(id);
    store.setState(id, 'crashed', 'killed (SIGKILL)');
    store.clearProcess(id, gone);
  }

  it('trains to its end where it is out', async () => {
    const [a] = begin(2);
    crash(a);
    await advance();
    expect(await resumed(a)).toBeNull();
  });

  it('trains to its end where its search was stopped, and to its rung where the search goes on', async () => {
    const [a, b] = begin(2);
    await stopSearch(store, home, 's');
    expect(await resumed(a)).toBeNull();
    resumeSearch(store, 's');
    await advance();
    expect(store.run(b).config.train.stop_at).toBe(4);
  });

  it('trains to its end where its search was forgotten', async () => {
    const [a] = begin(1);
    crash(a);
    await stopSearch(store, home, 's');
    store.removeSearch('s');
    expect(await resumed(a)).toBeNull();
  });
});
