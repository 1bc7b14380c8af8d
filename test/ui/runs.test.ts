/** The table of runs and the comparison: people at the screen, and the pure parts below. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completeQuery } from '../../src/store/query.js';
import { parseExperiment } from '../../src/config/parse.js';
import { differencesShown } from '../../src/ui/screens/compare/lines.js';
import { runRecord } from '../cli/samples.js';
import { configDifferences, pastOf } from '../../src/ui/screens/compare/settings.js';
import { initialCompare, reduceCompare } from '../../src/ui/screens/compare/state.js';
import { initialRuns, rangeOf, reduceRuns } from '../../src/ui/screens/runs/state.js';
import type { RunsAction, RunsState } from '../../src/ui/screens/runs/state.js';
import { recordRun } from './samples.js';
import { openHome, openSession, overflow } from './support.js';
import type { Home, Session } from './support.js';

const sizes = [{ columns: 72, rows: 18 }, { columns: 80, rows: 24 }, { columns: 120, rows: 40 }, { columns: 200, rows: 60 }];
const [, usual, large] = sizes;

let home: Home;
let session: Session | null = null;
let ids: Record<string, string>;

beforeEach(() => {
  home = openHome();
  ids = Object.fromEntries((['alpha', 'beta', 'gamma'] as const).map((name, i) => [name, recordRun(home.store, { name, steps: 20 + i, total: 40, end: i === 1 ? 'failed' : 'completed' })]));
});

afterEach(() => {
  session?.close();
  session = null;
  home.dispose();
});

async function atTable(size = usual, options = {}): Promise<Session> {
  session = await openSession(home, size, options);
  session.press('3');
  await session.until('alpha', 'newest first');
  return session;
}

describe('the table of runs', () => {
  it('opens, marks two, and compares them', async () => {
    const at = await atTable();
    at.press('space', 'space');
    await at.until('2 marked', '●');
    at.press('c');
    await at.until('training loss by step', 'Results', 'gamma', 'beta', 'Set differently');
    expect(at.frame()).not.toContain('alpha');
    at.press('p');
    await at.until('against the baseline', 'base');
    at.press('tab');
    await at.until('eval loss by step');
    at.press('x');
    await at.until('eval loss by tokens');
    at.press('esc');
    await at.until('newest first', '2 marked');
  });

  it('marks a range, and all that pass', async () => {
    const at = await atTable();
    at.press('v', 'j', 'j');
    await at.until('range: v ends it');
    at.press('v');
    await at.until('3 marked');
    at.press('*');
    at.press('esc');
    await at.gone('marked');
    at.press('/', ...'beta', 'enter', '*');
    await at.until('1 marked', '/beta');
  });

  it('tags, notes and renames', async () => {
    const at = await atTable();
    at.press('t', ...'best keep', 'enter');
    await at.until('tags best keep');
    at.press('t', ...'-keep', 'enter');
    await at.until('tags best');
    at.press('m', ...'warm up longer', 'enter');
    await at.until('note: warm up longer');
    at.press('r', ...'delta', 'enter');
    await at.until('delta');
    expect(home.store.run(ids['gamma'])).toMatchObject({ name: 'delta', note: 'warm up longer', tags: ['best'] });
    at.press('r', ...'alpha', 'enter');
    await at.until('there is a run alpha already');
    expect(home.store.run(ids['gamma']).name).toBe('delta');
  });

  it('compares what was changed on the way, too', async () => {
    home.store.record(ids['alpha'], { type: 'changed', step: 7, total_steps: 40, epoch: 0, changes: { learning_rate: 1e-4 } }, new Date().toISOString());
    home.store.record(ids['alpha'], { type: 'changed', step: 9, total_steps: 40, epoch: 0, changes: { learning_rate: 2e-4 } }, new Date().toISOString());
    const [alpha, beta] = ['alpha', 'beta'].map((name) => ({ config: home.store.run(ids[name]).config, past: pastOf(home.store, ids[name]) }));
    expect(configDifferences([alpha, beta])).toEqual([{ key: 'train.learning_rate', values: [2e-4, 2e-4], changes: [[{ step: 7, from: 2e-4, to: 1e-4 }, { step: 9, from: 1e-4, to: 2e-4 }], []] }]);
    expect(configDifferences([beta, beta])).toEqual([]);
    const at = await atTable();
    at.press('*', 'c');
    await at.until('train.learning_rate', '2e-4 → 1e-4 @ step 7');
  });

  it('exports in every format that applies', async () => {
    const at = await atTable();
    at.press('e');
    await at.until('Export what gamma learned as', 'a adapter (PEFT)', 'l GGUF adapter', 'o ONNX', 'Esc nothing');
    at.press('o');
    await at.until('folder for the ONNX model: gamma-onnx');
    at.press(...'/tmp/here', 'enter');
    await at.until('Wrote /tmp/here');
    expect(home.exported).toEqual([{ runId: ids['gamma'], format: 'onnx', out: '/tmp/here' }]);
  });

  it('says that a run goes on until it does', async () => {
    const at = await atTable();
    at.press('j');
    await at.until('2/3');
    at.press('R');
    await at.until('It goes on from its newest checkpoint');
    home.store.setState(ids['beta'], 'running', null);
    at.poll();
    await at.gone('It goes on from its newest checkpoint');
  });

  it('has the cursor on the run that was looked at on Live', async () => {
    const at = await atTable();
    at.press('G');
    await at.until('3/3');
    at.press('2');
    await at.until('Samples');
    at.press('esc');
    await at.until('1/3');
  });

  it('deletes only after a yes, and says how much goes', async () => {
    const at = await atTable();
    at.press('space', 'space', 'D');
    await at.until('Delete 2 runs for good, with no files');
    at.press('enter');
    await at.gone('for good');
    expect(home.store.runs()).toHaveLength(3);
    at.press('D');
    await at.until('Delete 2 runs for good');
    at.press('y');
    await at.until('2 runs deleted.');
    expect(home.store.runs().map(({ name }) => name)).toEqual(['alpha']);
  });

  it('archives, and shows what is archived when asked', async () => {
    const at = await atTable();
    at.press('A');
    await at.until('1 run archived');
    expect(at.lines().some((text) => /completed gamma/.test(text))).toBe(false);
    at.press('.');
    await at.until('with 1 archived', 'gamma');
    at.press('g', 'A');
    await at.until('1 run in the list again.');
    expect(home.store.run(ids['gamma']).archived).toBe(false);
  });

  it('queues again after a yes', async () => {
    const at = await atTable();
    at.press('Q');
    await at.until('Put gamma in line again');
    at.press('y');
    await at.until('1 new run in line.', 'gamma-2');
  });

  it('shows a branch below the run it comes from', async () => {
    home.store.branchRun({ name: 'child', config: home.store.run(ids['alpha']).config, parent: ids['alpha'], step: 10 });
    const at = await atTable(large);
    at.press('L');
    await at.until('by lineage', '└─child', 'lineage alpha → child');
    const names = at.lines().slice(2).flatMap((text) => /\b(alpha|beta|gamma|child)\b/.exec(text)?.[1] ?? []);
    expect(names.indexOf('child')).toBe(names.indexOf('alpha') + 1);
  });

  it('completes names and values of a filter, saves it, and finds it again', async () => {
    const at = await atTable();
    at.press('/', ...'sta', 'tab');
    await at.until('/state');
    at.press(...':fa', 'tab', 'enter');
    await at.until('/state:failed', '1/1');
    at.press('F', ...'broken', 'enter');
    await at.until('f lists the saved filters');
    at.press('esc', 'f');
    await at.until('saved filter', 'broken', 'state:failed');
    at.press('enter');
    await at.until('/state:failed', '1/1');
    expect(home.store.preference('runs')).toMatchObject({ filters: [{ name: 'broken', query: 'state:failed' }] });
  });

  it('keeps chosen columns for the next time', async () => {
    const at = await atTable(large);
    at.press('C');
    await at.until('column', 'heading');
    at.press('/', ...'train.learning_rate', 'enter', 'space', 'esc');
    await at.until('column', 'perplexity');
    at.press('C');
    await at.until('learning_', 'alpha');
    at.close();
    session = await openSession(home, large);
    session.press('3');
    await session.until('learning_', 'alpha');
  });

  it.each([{ unicode: true }, { unicode: false }])('fits every size with %j', async (look) => {
    for (const size of sizes) {
      const at = await atTable(size, look);
      at.press('space', 'space', 'space');
      await at.until('3 marked');
      expect(overflow(at.lines(), size)).toEqual([]);
      at.press('C');
      await at.until('column');
      expect(overflow(at.lines(), size)).toEqual([]);
      at.press('esc', 'c');
      await at.until('Results');
      expect(overflow(at.lines(), size)).toEqual([]);
      // eslint-disable-next-line no-control-regex
      if (!look.unicode) expect(at.frame()).toMatch(/^[\x00-\x7f]*$/);
      at.close();
    }
  });
});

describe('marks', () => {
  const run = (state: RunsState, ...actions: RunsAction[]): RunsState => actions.reduce((at, action) => reduceRuns(at, action, home.store.runs()), state);

  it('go on and off with the cursor moving on, in the order they were made', () => {
    const marked = run(initialRuns, { type: 'toggle' }, { type: 'toggle' });
    expect(marked.marked).toEqual([ids['gamma'], ids['beta']]);
    expect(marked.list.cursor).toBe(2);
    expect(run(marked, { type: 'list', action: { type: 'top' } }, { type: 'toggle' }).marked).toEqual([ids['beta']]);
  });

  it('take a range upwards too', () => {
    const begun = run(initialRuns, { type: 'list', action: { type: 'bottom' } }, { type: 'range' }, { type: 'list', action: { type: 'move', by: -1 } });
    expect(rangeOf(begun, home.store.runs())).toEqual([ids['beta'], ids['alpha']]);
    expect(run(begun, { type: 'range' })).toMatchObject({ anchor: null, marked: [ids['beta'], ids['alpha']] });
  });
});

describe('completion', () => {
  it('finds names by their beginning and by their last part, and values where there are few', () => {
    const runs = home.store.runs();
    expect(completeQuery('lora.l', runs).words).toContain('lora.lora_alpha');
    expect(completeQuery('-learning', runs)).toEqual({ from: 1, words: ['train.learning_rate'] });
    expect(completeQuery('x state:c', runs)).toEqual({ from: 8, words: ['completed', 'crashed'] });
    expect(completeQuery('', runs).words).toEqual([]);
  });
});

describe('the comparison', () => {
  it('offers the losses of the sets that any of its runs was evaluated on', () => {
    const curve = (setKeys: readonly string[]) => ({ metric: 'loss' as const, step: 1, curve: { values: { stretches: [], points: 1 }, curves: {}, history: [], original: null, setKeys } });
    const state = { ...initialCompare, runIds: ['a', 'b'], curves: { a: curve(['eval_loss/en']), b: curve(['eval_loss/en', 'eval_loss/zh']), gone: curve(['eval_loss/fr']) } };
    const before = reduceCompare(state, { type: 'metric', by: -1 });
    expect(before.metric).toBe('eval_loss/zh');
    expect(reduceCompare(before, { type: 'metric', by: -1 }).metric).toBe('eval_loss/en');
    expect(reduceCompare(before, { type: 'metric', by: 1 }).metric).toBe('loss');
  });

  it('says how many settings differ where not all are seen', () => {
    const [a, b] = [runRecord(), runRecord({ id: 'b', config: parseExperiment({ model: 'other', dataset: { path: 'd' }, max_length: 9, lora: { r: 3 } }) })];
    const shown = (scroll: number, rows: number) => differencesShown([a, b], { scroll, curves: {} }, rows, { dash: '-' });
    expect([shown(0, 2), shown(1, 2), shown(99, 2), shown(0, 4)]).toEqual(['  1-2 of 4', '  2-3 of 4', '  3-4 of 4', '']);
  });

  it('forgets a baseline that is compared no longer, and keeps the cursor inside', () => {
    const two = reduceCompare(initialCompare, { type: 'runs', ids: ['a', 'b'] });
    const pinned = reduceCompare(reduceCompare(two, { type: 'move', by: 5 }), { type: 'pin' });
    expect(pinned).toMatchObject({ cursor: 1, baseline: 'b' });
    expect(reduceCompare(pinned, { type: 'drop' })).toMatchObject({ runIds: ['a'], baseline: null, cursor: 0 });
    expect(reduceCompare(pinned, { type: 'pin' }).baseline).toBeNull();
  });
});
