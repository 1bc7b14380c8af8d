/** People at the screen: keys in, frames out, over a real store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/util/errors.js';
import { initialState } from '../../src/ui/reduce.js';
import { experiment, recordRun } from './samples.js';
import { firstFrame, openHome, openSession, overflow } from './support.js';
import type { Home, Session } from './support.js';

const sizes = [{ columns: 72, rows: 18 }, { columns: 80, rows: 24 }, { columns: 120, rows: 40 }, { columns: 200, rows: 60 }];
const [tightest, usual] = sizes;

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

describe('a new run', () => {
  it('is started by Enter alone, and then watched', async () => {
    session = await openSession(home, usual);
    await session.until('stories260k', 'rotten_tomatoes', 'trainable', '8,192');
    session.press('enter');
    await session.until('queued', 'It is being started');
    expect(home.store.runs()).toHaveLength(1);
    expect(home.store.runs()[0].config).toMatchObject({ model: '/models/stories260k', dataset: { path: '/data/rotten_tomatoes.jsonl', format: 'classification' } });
  });

  it('shows what a rank costs while it is typed, and starts with it', async () => {
    session = await openSession(home, usual);
    await session.until('8,192');
    session.press('tab', 'tab', 'j', '3');
    await session.until('3,072');
    session.press('2');
    await session.until('32,768', 'lora.r: rank of the update');
    session.press('enter', 'enter');
    await session.until('queued');
    expect(home.store.runs()[0].config.lora.r).toBe(32);
  });

  it('says in the form why a value is wrong, and keeps the one before', async () => {
    session = await openSession(home, usual);
    await session.until('8,192');
    session.press('tab', 'tab', 'j', '0', 'enter');
    await session.until('lora.r must be a whole number of at least 1');
    session.press('esc');
    await session.until('lora.r: rank of the update', '8,192');
  });

  it('steps with arrows, warns, and undoes', async () => {
    session = await openSession(home, { columns: 80, rows: 30 });
    await session.until('8,192');
    session.press('tab', 'tab', 'j', 'right', 'right', 'right');
    await session.until('65,536', 'lora_alpha / r is 0.25', '! alpha');
    session.press('u', 'u', 'u');
    await session.until('8,192');
  });

  it('is found by filtering the models', async () => {
    session = await openSession(home, usual);
    await session.until('bert-base');
    session.press('/', 'g', 'p', 't', '2', 'enter');
    await session.until('tiny-random-gpt2', '/gpt2', '1/1');
    expect(session.frame()).not.toContain('stories260k');
    session.press('enter');
    await session.until('queued');
    expect(home.store.runs()[0].config.model).toBe('/models/tiny-random-gpt2');
  });

  it('takes a path typed by hand', async () => {
    session = await openSession(home, usual);
    await session.until('8,192');
    session.press('e');
    await session.until('keep the text (typing replaces it)');
    session.press(...'/x/my model', 'enter');
    await session.until('my model', 'llama', '260k', '1/5');
    session.press('enter');
    await session.until('queued');
    expect(home.store.runs()[0].config.model).toBe('/x/my model');
  });

  it('does not take a path where nothing is', async () => {
    session = await openSession(home, usual);
    await session.until('8,192');
    session.press('e', 'right', ...'-gone', 'enter');
    await session.until('There is nothing at', '/models/stories260k-gone.');
    session.press('esc');
    await session.until('1/4', 'Enter start');
    session.press('tab', 'e', ...'/nowhere', 'tab');
    await session.until('There is nothing at /nowhere.');
    session.press('esc');
    await session.until('1/2', 'Enter start');
  });

  it('says whole why a path cannot be taken, in the smallest window too', async () => {
    const why = 'There is no model "/tmp/nothing": found are model, stories260k and tiny-random-gpt2; give the path of a Hugging Face folder.';
    home.dispose();
    home = openHome({ models: () => Promise.resolve([]), modelAt: () => Promise.reject(new UserError(why)) });
    session = await openSession(home, tightest);
    await session.until('No model found');
    session.press('e', ...'/tmp/nothing', 'enter');
    await session.until('There is no model', 'Hugging Face folder.');
  });

  it('says which pane has the keys, without colour too', async () => {
    session = await openSession(home, usual);
    await session.until('▸ Model');
    session.press('tab');
    await session.until('▸ Dataset');
    expect(session.frame()).not.toContain('▸ Model');
  });

  it('says what is missing where nothing was found', async () => {
    home.dispose();
    home = openHome({ models: () => Promise.resolve([]), datasets: () => Promise.reject(new UserError('The folder data cannot be read: give it read permission.')) });
    session = await openSession(home, usual);
    await session.until('No model found', 'No dataset found', 'Choose a model', 'The folder data cannot be read');
    session.press('enter');
    await session.until('Choose a model');
    expect(home.store.runs()).toHaveLength(0);
  });

  it('tells why it cannot start, and lets try again', async () => {
    home.dispose();
    home = openHome({ startRun: () => Promise.reject(new UserError('The batch needs 9 GB and 4 GB are free: lower max_length.')) });
    session = await openSession(home, usual);
    await session.until('8,192');
    session.press('enter');
    await session.until('The batch needs 9 GB', 'Enter start');
  });
});

describe('a live run', () => {
  it('shows its curve and where it is, and grows as it is written', async () => {
    const id = recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    session = await openSession(home, usual);
    session.press('2');
    await session.until('running', 'night-run', '60/400', '15.0%', 'train', 'eval', 'tokens/s', '8,192', 'lr', 'grad norm', 'left', '1m 25s', 'The film is', '3 rows were left out');
    home.store.record(id, { type: 'step', step: 61, total_steps: 400, epoch: 0.305, loss: 1.2345, learning_rate: 1e-4, grad_norm: 1, tokens_seen: 1, tokens_per_second: 9000, elapsed_time: 1, remaining_time: 1, memory_bytes: 1 }, '2026-01-01T10:00:15.250Z');
    session.poll();
    await session.until('61/400', '1.234', '9,000');
  });

  it('can be read whole in the smallest window, its curve behind a question too', async () => {
    recordRun(home.store, { name: 'night-run', steps: 60, total: 400, end: 'running' });
    session = await openSession(home, tightest);
    session.press('2');
    await session.until('0.30 ', '1m 25s', '8,192', '1.70e-4', '131 MB');
    session.press('s');
    await session.until('Stop night-run?');
    expect(session.lines().filter((line) => line.includes('┤')).length).toBeGreaterThanOrEqual(4);
  });

  it('is the one that runs, not the one that waits behind it', async () => {
    recordRun(home.store, { name: 'first', steps: 10, total: 40, end: 'running' });
    const { id, config } = home.store.createRun({ name: 'second', config: experiment() });
    home.store.enqueue(id);
    session = await openSession(home, usual);
    session.press('2');
    await session.until('running  first', 'n next run');
    session.press('n');
    await session.until('queued  second', 'It waits in the queue behind first.', 'n next run');
    session.press('w', 'e', 'a');
    expect(home.controls).toEqual([]);
    session.press('s');
    await session.until('It leaves the queue before it began', 's take it out');
    session.press('esc');
    home.store.enqueue(home.store.createRun({ name: 'third', config }).id);
    home.store.setParallel(2);
    session.poll();
    await session.until('is the next to start');
  });

  it('offers the live one from one that has ended', async () => {
    const ended = recordRun(home.store, { name: 'first', steps: 10, total: 40, end: 'running' });
    session = await openSession(home, usual);
    session.press('2');
    await session.until('running  first');
    home.store.record(ended, { type: 'stopped', step: 10, total_steps: 40, epoch: 1, reason: 'stopped by hand', output: '/a' }, '2026-01-01T11:00:00Z');
    recordRun(home.store, { name: 'second', steps: 10, total: 40, end: 'running' });
    session.poll();
    await session.until('stopped  first', 'n next run');
    session.press('n');
    await session.until('running  second');
  });

  it('takes back what it said once it is done', async () => {
    const id = recordRun(home.store, { name: 'night-run', steps: 20, total: 40, end: 'running' });
    session = await openSession(home, usual);
    session.press('2', 'p');
    await session.until('Pausing after');
    home.store.record(id, { type: 'paused', step: 20, total_steps: 40, epoch: 1 }, '2026-01-01T11:00:00Z');
    session.poll();
    await session.until('paused  night-run');
    expect(session.frame()).not.toContain('Pausing');
    session.press('s', 's');
    await session.until('Stopping');
    home.store.record(id, { type: 'stopped', step: 20, total_steps: 40, epoch: 1, reason: 'stopped by hand', output: '/a' }, '2026-01-01T11:00:01Z');
    session.poll();
    await session.until('stopped  night-run');
    expect(session.frame()).not.toContain('Stopping');
  });

  it('says why it cannot be sampled, and that there were no samples', async () => {
    const { id, config } = home.store.createRun({ name: 'mute', config: experiment() });
    home.store.record(id, { type: 'started', step: 0, total_steps: 4, epoch: 0, trainable_parameters: 1, total_parameters: 2, estimated_memory_bytes: 1, train_rows: 1, eval_rows: 0, engine: 'onnx' }, '2026-01-01T10:00:00Z');
    expect(config.sample.prompts).toEqual([]);
    session = await openSession(home, usual);
    session.press('2', 'a');
    await session.until('its sample.prompts is empty', 'under samples on New run (1)');
    expect(home.controls).toEqual([]);
    home.store.setState(id, 'completed', null);
    session.poll();
    await session.until('completed  mute', 'No samples:');
    expect(session.frame()).not.toContain('Nothing yet');
  });

  it('asks before it stops, and can be let go on', async () => {
    const id = recordRun(home.store, { name: 'night-run', steps: 20, total: 40, end: 'running' });
    session = await openSession(home, usual);
    session.press('2');
    await session.until('night-run');
    session.press('s');
    await session.until('Stop night-run?', 'R among the runs resumes', 's stop and save', 'Esc let it go on');
    session.press('p', 'esc');
    expect(home.controls).toEqual([]);
    session.press('s', 's');
    await session.until('Stopping');
    expect(home.controls).toEqual([{ run: id, control: 'stop' }]);
  });

  it('is paused, continued, saved and evaluated by one key each', async () => {
    const id = recordRun(home.store, { name: 'night-run', steps: 20, total: 40, end: 'running' });
    session = await openSession(home, usual);
    session.press('2');
    await session.until('p pause');
    session.press('p', 'w', 'e', 'a');
    await session.until('It samples');
    home.store.record(id, { type: 'paused', step: 20, total_steps: 40, epoch: 1 }, '2026-01-01T11:00:00Z');
    session.poll();
    await session.until('p continue');
    session.press('p');
    await session.until('Going on');
    expect(home.controls.map(({ control }) => control)).toEqual(['pause', 'save', 'evaluate', 'sample', 'continue']);
  });

  it('is not steered once it has ended', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    session = await openSession(home, usual);
    session.press('2');
    await session.until('completed', 'done');
    session.press('s', 'p', 'w', 'e');
    expect(home.controls).toEqual([]);
    expect(session.frame()).not.toContain('stop');
  });
});

describe('the history', () => {
  beforeEach(() => {
    recordRun(home.store, { name: 'baseline', steps: 40, total: 40, end: 'completed' });
    recordRun(home.store, { name: 'too-hot', steps: 12, total: 200, end: 'failed' });
    recordRun(home.store, { name: 'by-hand', steps: 20, total: 40, end: 'stopped' });
  });

  it('lists every run, opens one, and comes back', async () => {
    session = await openSession(home, usual);
    session.press('3');
    await session.until('baseline', 'too-hot', 'by-hand', 'completed', 'failed', 'stopped', '0.3541', '0.5041');
    session.press('G', 'enter');
    await session.until('step 40/40', 'accuracy', 'Loss', 'configuration', 'onnx 1.30.0 on cpu');
    session.press('tab');
    await session.until('The film is', 'a warm and funny story');
    session.press('tab');
    await session.until('result', '/adapter');
    session.press('esc');
    await session.until('3/3');
  });

  it('filters and sorts', async () => {
    session = await openSession(home, usual);
    session.press('3', '/', ...'failed');
    await session.until('too-hot', '1/1');
    expect(session.frame()).not.toContain('baseline');
    session.press('esc', 'o');
    await session.until('by state, A to Z', 'state↓');
    session.press('o', 'o');
    await session.until('by loss, lowest first', '1/3');
    expect(session.lines().findIndex((line) => line.includes('baseline'))).toBeLessThan(session.lines().findIndex((line) => line.includes('too-hot')));
  });

  it('turns the order round', async () => {
    session = await openSession(home, usual);
    session.press('3');
    await session.until('newest first', 'age↓');
    session.press('O');
    await session.until('oldest first', 'age↑');
    const order = ['baseline', 'too-hot', 'by-hand'].map((name) => session!.lines().findIndex((line) => line.includes(name)));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('filters as the command line does, and says what it does not understand', async () => {
    session = await openSession(home, usual);
    session.press('3', '/', ...'-state:failed lora.r<=8');
    await session.until('1/2');
    expect(session.frame()).not.toContain('too-hot');
    session.press('ctrl+u', ...'eval_los<2');
    await session.until('runs have no `eval_los`: did you mean `eval_loss`?');
  });

  it('tells a reason whole', async () => {
    const id = recordRun(home.store, { name: 'greedy', steps: 12, total: 200, end: 'running' });
    const reason = 'killed (SIGKILL) by hand, or out of memory: try a smaller train.per_device_train_batch_size or max_length';
    home.store.setState(id, 'crashed', reason);
    session = await openSession(home, tightest);
    session.press('3', 'enter');
    await session.until('killed (SIGKILL)', 'max_length');
    session.press('shift+tab');
    await session.until('warnings 2', '! killed');
    const warnings = session.lines().slice(-7).join(' ').replaceAll(/[│\s]+/g, ' ');
    expect(warnings).toContain(reason);
  });

  it('shows a name whole before it gives room to others', async () => {
    recordRun(home.store, { name: 'quickstart-with-rank-64', steps: 4, total: 40, end: 'completed' });
    session = await openSession(home, tightest);
    session.press('3');
    await session.until('quickstart-with-rank-64 ');
  });

  it('starts a new run from an old one', async () => {
    session = await openSession(home, usual);
    session.press('3');
    await session.until('baseline');
    session.press('n');
    await session.until('The settings of by-hand');
    session.press('enter');
    await session.until('queued');
    expect(home.store.runs()).toHaveLength(4);
    expect(home.store.runs()[0].config.sample.prompts).toEqual(['The film is']);
  });

  it('resumes a run that ended early, and offers that for no other', async () => {
    session = await openSession(home, usual);
    session.press('3');
    await session.until('baseline', 'R resume');
    session.press('R');
    await session.until('It goes on from its newest checkpoint', 'queued');
    expect(home.store.runs().map(({ name, state }) => `${name} ${state}`)).toContain('by-hand queued');
    session.press('G');
    await session.until('3/3');
    expect(session.frame()).not.toContain('R resume');
    session.press('R');
    expect(home.store.runs().map(({ name, state }) => `${name} ${state}`)).toContain('baseline completed');
  });

  it('opens ten thousand runs and moves in them at once', async () => {
    const [one] = home.store.runs();
    const many = Array.from({ length: 10_000 }, (_, i) => ({ ...one, id: `id${i}`, name: `run-${i}` }));
    home = { ...home, services: { ...home.services, reader: { ...home.services.reader, runs: () => many, run: () => many[0], historySince: () => ({ rows: [], cursor: 0 }), stretches: () => [], pointCount: () => 0, curveKeys: () => [], version: () => 1, preference: () => null, sketch: () => ({ x: [], y: [] }) } } };
    session = await openSession(home, usual);
    session.press('3', 'G');
    await session.until('run-9999', '10000/10000');
    session.press('/', ...'run-777');
    await session.until('run-777', '/11');
  });
});

describe('everywhere', () => {
  it('explains the keys of the pane from the tables that dispatch them', async () => {
    session = await openSession(home, { columns: 80, rows: 50 });
    session.press('2', '?');
    await session.until('Keys', 'Live', 'Everywhere', 'Ctrl-Z', 'suspend the screen');
    session.press('esc', '3');
    await session.until('No runs yet. Press 1 to start one.');
  });

  it('looks before it says that there is nothing', () => {
    for (const screen of ['live', 'history'] as const) expect(firstFrame({ ...initialState(usual), screen })).toContain('Looking…');
  });

  it('quits, suspends and draws again when asked, whatever is open', async () => {
    session = await openSession(home, usual);
    session.press('?', 'ctrl+z', 'ctrl+l', 'ctrl+c');
    expect(session.asked).toEqual(['suspend', 'redraw', 'quit']);
  });

  it('says so when the window is too small', async () => {
    session = await openSession(home, { columns: 40, rows: 10 });
    await session.until('Window too small (40x10)');
    session.press('enter', '2', 's', 'q');
    expect(session.asked).toEqual(['quit']);
    expect(home.store.runs()).toEqual([]);
    expect(overflow(session.lines(), { columns: 40, rows: 10 })).toEqual([]);
  });

  it('never draws past the terminal, in any screen, size and alphabet', async () => {
    recordRun(home.store, { name: 'x'.repeat(150), steps: 40, total: 40, end: 'completed' });
    recordRun(home.store, { name: '夜の実験', steps: 12, total: 200, end: 'failed' });
    recordRun(home.store, { name: 'live', steps: 30, total: 200, end: 'running' });
    for (const size of sizes) {
      for (const unicode of [true, false]) {
        session = await openSession(home, size, { unicode, color: unicode });
        for (const keys of [['1'], ['tab'], ['tab'], ['j', 'e'], ['esc', '?'], ['j', 'esc', '2'], ['s'], ['esc', 'S', 'y'], ['3'], ['/', 'x'], ['enter', 'enter'], ['tab'], ['tab'], ['tab'], ['esc', 'esc', '1']]) {
          session.press(...keys);
          expect(overflow(session.lines(), size), keys.join(' ')).toEqual([]);
          expect(session.lines()).toHaveLength(size.rows);
          // eslint-disable-next-line no-control-regex
          if (!unicode) expect(session.frame().replaceAll(/[夜の実験映画å]/g, ''), keys.join(' ')).toMatch(/^[\x00-\x7f]*$/);
        }
        session.close();
      }
    }
  });

  it('stays whole under any keys', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    recordRun(home.store, { name: 'live', steps: 30, total: 200, end: 'running' });
    session = await openSession(home, usual);
    const keys = [...'123jkhlgG/?eux[]+-.0SypnaoqwcdZ ', 'enter', 'esc', 'tab', 'shift+tab', 'up', 'down', 'left', 'right', 'backspace', 'ctrl+d', 'ctrl+u', 'ctrl+r'];
    let seed = 7;
    for (let i = 0; i < 600; i++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const key = keys[seed % keys.length];
      session.press(key);
      expect(overflow(session.lines(), usual), `key ${i}: ${key}`).toEqual([]);
    }
    expect(home.controls.filter(({ control }) => control === 'stop')).toEqual([]);
  });
});
