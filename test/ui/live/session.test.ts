import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordRun } from '../samples.js';
import { openHome, openSession, overflow } from '../support.js';
import type { Home, Session } from '../support.js';

let home: Home;
let session: Session;
let id = '';

beforeEach(() => {
  home = openHome();
  id = recordRun(home.store, { name: 'night-run', steps: 20, total: 40, end: 'running' });
});

afterEach(() => {
  session.close();
  home.dispose();
});

const open = async (columns = 80, rows = 24, options = {}): Promise<void> => {
  session = await openSession(home, { columns, rows }, options);
  session.press('2');
  await session.until('night-run', 'Loss');
};

describe('the live screen', () => {
  it('goes through its panes by Tab, and shows one alone by Enter', async () => {
    await open();
    session.press('tab', 'tab');
    await session.until('s saved a checkpoint', '▸ Samples Events Curves Load Log');
    session.press('tab');
    await session.until('grad', '1.00e-4');
    session.press('tab');
    await session.until('50% of 2', '4.00 GB of 8.00 GB');
    session.press('tab', 'enter');
    await session.until('▸ Log', 'onnx on cpu', 'step 1  loss 2.500');
    expect(session.frame()).not.toContain('tokens/s');
    session.press('esc');
    await session.until('tokens/s');
  });

  it('draws by dots, on a logarithmic axis, by tokens and time, and smoothed', async () => {
    await open();
    session.press('b', 'y', 't', 'S');
    await session.until('smoothed 0.6  log  by tokens');
    expect(session.frame()).toMatch(/[\u2801-\u28ff]/);
    session.press('t');
    await session.until('by time', '9.8s');
  });

  it('draws the loss of each set of a mixture, where there is one', async () => {
    await open();
    session.press('v'); // there is none
    session.close();
    const evaluated = { type: 'eval', step: 20, total_steps: 40, epoch: 1, eval_loss: 2, perplexity: 7.4, accuracy: null, eval_seconds: 1 } as const;
    home.store.record(id, { ...evaluated, set_losses: { 'en.json': 1.5, 'zh.json': 2.5 } }, new Date().toISOString());
    await open();
    await session.until('─•─ eval');
    session.press('v');
    await session.until('─●─ en.json', '─■─ zh.json');
    expect(session.frame()).not.toContain('─•─ eval');
    session.press('v');
    await session.until('─•─ eval');
  });

  it('zooms into the end, moves back and shows the whole again', async () => {
    await open();
    session.press('i', 'h');
    await session.until('8–18');
    session.press('f');
    await session.until('Loss  ── train  ─•─ eval ─────');
  });

  it('changes the rate and the length from what was asked last', async () => {
    await open();
    session.press('+');
    await session.until('The learning rate becomes 5.00e-4');
    session.press('+');
    await session.until('The learning rate becomes 1.00e-3');
    session.press('x');
    await session.until('It goes on to update 44, not 40.');
    expect(home.changed).toEqual([{ learning_rate: 5e-4 }, { learning_rate: 1e-3 }, { max_steps: 44 }].map((changes) => ({ run: id, changes })));
  });

  it('is stopped or killed only after a question', async () => {
    await open();
    session.press('s');
    await session.until('s stop and save', 'k kill', 'Esc let it go on');
    session.press('esc', 's', 'k');
    await session.until('Killed.');
    expect(home.killed).toEqual([id]);
    expect(home.controls).toEqual([]);
  });

  it('moves on to what runs when nobody asked for the run it shows', async () => {
    home.dispose();
    home = openHome();
    recordRun(home.store, { name: 'long-over', steps: 20, total: 20, end: 'completed' });
    session = await openSession(home, { columns: 80, rows: 24 });
    session.press('2');
    await session.until('long-over');
    recordRun(home.store, { name: 'just-begun', steps: 3, total: 40, end: 'running' });
    session.poll();
    await session.until('just-begun', 'running');
  });

  it('says of a run that has ended only that one goes back', async () => {
    home.store.record(id, { type: 'stopped', step: 20, total_steps: 40, epoch: 1, reason: 'by hand', output: '/o' }, new Date().toISOString());
    await open(80, 50);
    session.press('?');
    await session.until('back to the runs');
    expect(session.frame()).not.toContain('goes on');
  });

  it('draws a branch with the points of the run it came from', async () => {
    const { config } = home.store.run(id);
    home.store.record(id, { type: 'stopped', step: 20, total_steps: 40, epoch: 1, reason: 'by hand', output: '/o' }, new Date().toISOString());
    const branch = home.store.branchRun({ name: 'branched', config, parent: id, step: 12 });
    home.store.record(branch.id, { type: 'started', step: 12, total_steps: 40, epoch: 1, trainable_parameters: 1, total_parameters: 1, estimated_memory_bytes: 1, train_rows: 1, eval_rows: 1, engine: 'onnx' }, new Date().toISOString());
    home.store.record(branch.id, { type: 'resumed', step: 12, total_steps: 40, epoch: 1, checkpoint: '/c' }, new Date().toISOString());
    session = await openSession(home, { columns: 80, rows: 24 });
    session.press('2', 'tab', 'tab');
    await session.until('branched', 'resumed from the');
    const [top] = session.lines().filter((text) => text.includes('┤'));
    expect(top).toMatch(/3\.\d ┤[─╮]/);
  });

  it('fits every size in every alphabet', async () => {
    for (const [columns, rows] of [[72, 18], [80, 24], [120, 40], [200, 60]]) {
      for (const unicode of [true, false]) {
        await open(columns, rows, { unicode });
        for (let i = 0; i < 6; i++) {
          expect(overflow(session.lines(), { columns, rows })).toEqual([]);
          if (!unicode) expect(session.frame().replace(/映画/g, '')).toMatch(/^[\x20-\x7e\n]*$/);
          session.press('tab');
        }
        session.close();
      }
    }
    await open();
  });
});
