/** The queue as a user has it, over a real store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initialQueue, reduceQueue, secondsLeft } from '../../../src/ui/screens/queue/state.js';
import { experiment, recordRun } from '../samples.js';
import { openHome, openSession, overflow } from '../support.js';
import type { Home, Session } from '../support.js';

let home: Home;
let session: Session | null = null;

beforeEach(() => {
  home = openHome();
});
afterEach(() => {
  session?.close();
  session = null;
  home.dispose();
});

function inLine(...names: string[]): string[] {
  return names.map((name) => {
    const { id } = home.store.createRun({ name, config: experiment({ name }) });
    home.store.enqueue(id);
    return id;
  });
}

const order = () => home.store.queue().map((id) => home.store.run(id).name);

async function open(columns = 120, rows = 40, options = {}): Promise<Session> {
  session = await openSession(home, { columns, rows }, options);
  session.press('5');
  return session;
}

describe('the queue', () => {
  it('shows what runs with its progress, what waits and why, and what has ended', async () => {
    recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    recordRun(home.store, { name: 'too-hot', steps: 12, total: 200, end: 'failed' });
    inLine('second', 'third');
    const shown = await open();
    await shown.until('1 running, 2 waiting, 1 at once', '60/400', '15.0%', 'too-hot', 'failed');
    shown.press('j');
    await shown.until('next, when night-run ends', 'number 1 in line');
    shown.press('j');
    await shown.until('behind second');
  });

  it('says how far a search is whose trials are in it', async () => {
    const plan = { file: '/s', experiment: '/e', set: [], metric: 'eval_loss', method: 'grid', seed: 1, rungs: [4], keep: 0.5, keys: ['lora.r'], on_finish: null } as const;
    home.store.createSearch({ name: 'ranks', plan, trials: [4, 8].map((r) => ({ name: `ranks-${r}`, config: experiment({ name: `ranks-${r}` }), parameters: { 'lora.r': r } })) });
    const shown = await open();
    await shown.until('search ranks  rung 1 of 2, to update 4: 0 of 2 measured', '0 running, 2 waiting', 'ranks-4', 'ranks-8');
    home.store.setSearchState('ranks', { state: 'stopped', from: 'running', reason: null });
    shown.poll();
    await shown.gone('search ranks');
  });

  it('says what to do where there is nothing', async () => {
    await (await open()).until('Nothing runs and nothing waits', 'a puts an experiment file in line');
  });

  it('moves what waits, and the cursor goes with it', async () => {
    inLine('a', 'b', 'c');
    const shown = await open();
    await shown.until('0 running, 3 waiting');
    shown.press('J');
    await shown.until('number 2 in line');
    expect(order()).toEqual(['b', 'a', 'c']);
    shown.press('B', 'K', 'T');
    await shown.until('number 1 in line');
    expect(order()).toEqual(['a', 'b', 'c']);
    shown.press('K');
    expect(order()).toEqual(['a', 'b', 'c']);
  });

  it('asks before it takes one out', async () => {
    inLine('a', 'b');
    const shown = await open();
    await shown.until('2 waiting');
    shown.press('x');
    await shown.until('Take a out of the line?');
    shown.press('enter');
    await shown.gone('Take a out');
    expect(order()).toEqual(['a', 'b']);
    shown.press('x', 'y');
    await shown.until('a waits no more');
    expect(order()).toEqual(['b']);
  });

  it('sets how many run at once, never fewer than one', async () => {
    inLine('a');
    const shown = await open();
    await shown.until('1 at once');
    shown.press('-', '+', '+');
    await shown.until('3 at once');
    shown.press('-');
    await shown.until('2 at once');
    expect(home.store.parallel()).toBe(2);
  });

  it('takes a file by a path that is completed, and says why one cannot be taken', async () => {
    const shown = await open();
    await shown.until('Nothing runs');
    shown.press('a', ...'/models/t');
    await shown.until('tiny');
    shown.press('tab');
    await shown.until('/models/tiny');
    shown.press('enter');
    await shown.until('/models/tiny is no experiment file');
    shown.press('ctrl+u', ...'night.yaml', 'enter');
    await shown.until('night.yaml is in line, number 1', '1 waiting');
    expect(order()).toEqual(['night.yaml']);
  });

  it('takes the form as it is filled in', async () => {
    session = await openSession(home, { columns: 120, rows: 40 });
    await session.until('8,192');
    session.press('5', 'f');
    await session.until('new is in line, number 1');
    expect(home.store.runs()[0].config.model).toBe('/models/stories260k');
  });

  it('offers what was cut off, one or all', async () => {
    const id = recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    home.store.setState(id, 'crashed', 'the machine was started again');
    const resumed: string[] = [];
    home.dispose();
    home = openHome({ interrupted: () => (home.store.runs()[0]?.state === 'crashed' ? [{ run: home.store.runs()[0], from: 50 }] : []), resumeInterrupted: () => Promise.resolve(resumed.push('all')), resume: (run) => Promise.resolve(void resumed.push(run)) });
    const again = recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    home.store.setState(again, 'crashed', 'the machine was started again');
    const shown = await open();
    await shown.until('cut off', 'the machine was started again; it would go on from step 50');
    shown.press('I');
    await shown.until('1 run that was cut off goes on');
    shown.press('R');
    await shown.until('goes on from its newest checkpoint');
    expect(resumed).toEqual(['all', again]);
  });

  it('opens a run that ended, and watches one that runs', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    const shown = await open();
    await shown.until('night-run', 'done');
    shown.press('enter');
    await shown.until('running  night-run', 'grad norm');
    shown.press('5', 'j', 'enter');
    await shown.until('step 40/40', 'accuracy');
  });

  it('steers what runs', async () => {
    const run = recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    const shown = await open();
    await shown.until('night-run');
    shown.press('p', 's');
    await shown.until('Stop night-run?');
    shown.press('y');
    await shown.until('Stopping');
    expect(home.controls).toEqual([{ run, control: 'pause' }, { run, control: 'stop' }]);
  });

  it.each([[72, 18], [80, 24], [120, 40], [200, 60]])('fits %i×%i, in plain characters too', async (columns, rows) => {
    recordRun(home.store, { name: 'a-run-with-a-name-that-is-far-too-long-for-its-column-and-then-some', steps: 60, total: 400, end: 'running' });
    inLine(...Array.from({ length: 50 }, (_, i) => `run-${i}`));
    const shown = await open(columns, rows, { unicode: false });
    await shown.until('50 waiting');
    shown.press('G');
    await shown.until('number 50 in line');
    expect(overflow(shown.lines(), { columns, rows })).toEqual([]);
    // eslint-disable-next-line no-control-regex
    expect(shown.frame()).toMatch(/^[\x00-\x7f]*$/);
    shown.press('a', ...'/');
    await shown.until('path /');
    expect(overflow(shown.lines(), { columns, rows })).toEqual([]);
  });
});

describe('its state', () => {
  it('keeps the cursor on the run it was on', () => {
    const [a, b] = inLine('a', 'b');
    const line = (waiting: readonly string[]) => ({ type: 'line', line: { waiting, parallel: 1, interrupted: [], searches: [] } }) as const;
    let state = reduceQueue(initialQueue, line([a, b]), home.store.runs());
    state = reduceQueue(state, { type: 'move', by: 1 }, home.store.runs());
    state = reduceQueue(state, line([b, a]), home.store.runs());
    expect(state.entries.map(({ run }) => run.name)).toEqual(['b', 'a']);
    expect(state.cursor).toBe(0);
    state = reduceQueue(state, { type: 'move', by: Infinity }, home.store.runs());
    expect(state.cursor).toBe(1);
  });

  it('stays at the top while what comes first changes, and with a run only as long as it stands as it did', () => {
    const [a, b, c] = inLine('a', 'b', 'c');
    const line = () => ({ type: 'line', line: { waiting: home.store.queue(), parallel: 1, interrupted: [], searches: [] } }) as const;
    let state = reduceQueue(initialQueue, line(), home.store.runs());
    const after = (...change: readonly (() => void)[]) => {
      change.forEach((each) => each());
      state = reduceQueue(state, line(), home.store.runs());
      return state.entries[state.cursor].run.name;
    };
    home.store.claim(a, { pid: 1, startTime: '1', bootId: 'b' });
    expect(after()).toBe('a');
    expect(after(() => home.store.setState(a, 'stopped', null), () => home.store.claim(b, { pid: 1, startTime: '1', bootId: 'b' }))).toBe('b');
    state = reduceQueue(state, { type: 'move', by: 1 }, home.store.runs());
    expect(after()).toBe('c');
    expect(after(() => home.store.setState(b, 'stopped', null))).toBe('c'); // it waits still, first in line
    expect(state.cursor).toBe(0);
    expect(after(() => home.store.cancel(c, 'taken out'))).not.toBe('');
    expect(state.cursor).toBe(0);
  });

  it('tells what is left by the pace of tokens', () => {
    const run = home.store.run(recordRun(home.store, { name: 'x', steps: 50, total: 100, end: 'running' }));
    // 50 steps of 2,048 tokens at 8,192 tokens a second.
    expect(secondsLeft(run)).toBeCloseTo(12.5);
    expect(secondsLeft({ ...run, state: 'paused' })).toBeNull();
  });
});
