/** The command line, the palette and the colours, as people use them over any screen. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { valueAt } from '../../src/ui/screens/new-run/draft.js';
import { themeFor } from '../../src/ui/theme.js';
import { recordRun } from './samples.js';
import { openHome, openSession, overflow } from './support.js';
import type { Home, Session } from './support.js';

const usual = { columns: 100, rows: 30 };

let home: Home;
let session: Session;

beforeEach(async () => {
  home = openHome();
  recordRun(home.store, { name: 'baseline', steps: 20, total: 20, end: 'completed' });
  recordRun(home.store, { name: 'too-hot', steps: 12, total: 200, end: 'failed' });
  session = await openSession(home, usual);
  await session.until('stories260k');
});

afterEach(() => {
  session.close();
  home.dispose();
});

describe('the command line', () => {
  it('sets a key of the new run by name, with completion, and starts it', async () => {
    session.press(':', ...'set lora.r');
    await session.until('lora.r: rank of the update');
    session.press(...' 32', 'enter');
    await session.until('lora.r = 32', '32,768');
    session.press(...'run first', 'enter');
    await session.until('queued', 'It is being started');
    expect(home.store.run('first').config.lora.r).toBe(32);
  });

  it('completes commands, names of runs and values, one Tab after the other', async () => {
    session.press(':', ...'comp');
    await session.until('compare', 'runs side by side');
    session.press('tab');
    await session.until(':compare ');
    session.press(...'base', 'tab');
    await session.until(':compare baseline ');
    session.press(...'too', 'tab');
    await session.until(':compare baseline too-hot ');
    session.press('enter');
    await session.until('training loss by step');
  });

  it('goes through the words with Tab and back with Shift-Tab', async () => {
    session.press(':', ...'set train.lr_scheduler_type ');
    await session.until('linear', 'polynomial');
    session.press('tab');
    await session.until(':set train.lr_scheduler_type linear');
    session.press('tab');
    await session.until(':set train.lr_scheduler_type cosine');
    session.press('shift+tab');
    await session.until(':set train.lr_scheduler_type linear');
  });

  it('offers what may follow, and nothing else', async () => {
    session.press(':', ...'set train.gradient_checkpointing ');
    await session.until('auto', 'true', 'false');
    expect(session.lines().filter((text) => text.includes('='))).toEqual([]);
    session.press('ctrl+u', ...'set baseline ');
    await session.until('learning_rate=', 'save_steps=');
    expect(session.lines().filter((text) => text.includes('lora.r='))).toEqual([]);
  });

  it('says why a line was not done, and remembers it', async () => {
    session.press(':', ...'set lora.rank 3', 'enter');
    await session.until('did you mean `lora.r`?');
    session.press('up');
    await session.until(':set lora.rank 3');
    session.press('esc');
    const folder = home.folder;
    expect(existsSync(join(folder, 'command-history'))).toBe(true);
    expect(readFileSync(join(folder, 'command-history'), 'utf8')).toBe('set lora.rank 3\n');
  });

  it('marks runs for @marked', async () => {
    session.press(':', ...'mark baseline too-hot', 'enter', ...'compare @marked', 'enter');
    await session.until('training loss by step');
  });

  it('asks before it deletes', async () => {
    session.press('3', ':', ...'rm too-hot', 'enter');
    await session.until('Delete too-hot', 'cannot be undone');
    session.press('n');
    await session.until(':');
    expect(home.store.runs()).toHaveLength(2);
    session.press('up', 'enter');
    await session.until('Delete too-hot');
    session.press('y');
    await session.until('removed too-hot');
    expect(home.store.runs()).toHaveLength(1);
  });

  it('opens screens and runs, one command after the other', async () => {
    session.press(':', ...'open runs', 'enter');
    await session.until('baseline', 'too-hot');
    session.press(':', ...'tag baseline kept', 'enter');
    await session.until('> tag baseline', 'tags of baseline: kept');
    session.press(...'open baseline', 'enter');
    await session.until('configuration');
    expect(overflow(session.lines(), usual)).toEqual([]);
  });

  it('is backed out of by Ctrl-C, which then quits', async () => {
    session.press(':', 'ctrl+c');
    await session.until('Enter start');
    session.press('ctrl+c');
    expect(session.asked).toEqual(['quit']);
  });
});

describe('the palette', () => {
  it('finds keys, runs, commands and screens by some of their letters', async () => {
    session.press('ctrl+p');
    await session.until('Palette', 'screen');
    session.press(...'lrn rate');
    await session.until('train.learning_rate');
    session.press('enter');
    await session.until(':set train.learning_rate', 'Esc close');
    session.press('esc');
    await session.until('Enter start');
    session.press('ctrl+p');
    await session.until('Palette');
    session.press(...'baseline', 'enter');
    await session.until('configuration');
  });

  it('takes a model', async () => {
    session.press('ctrl+p');
    await session.until('Palette');
    session.press(...'tiny gpt2');
    await session.until('tiny-random-gpt2');
    session.press('enter', 'enter');
    await session.until('queued');
    expect(valueAt(home.store.runs()[0].config, 'model')).toBe('/models/tiny-random-gpt2');
  });
});

describe('the theme', () => {
  it('follows the background, a name, and NO_COLOR', () => {
    const accent = (env: Record<string, string>, theme?: 'light' | 'none') => themeFor(env, { ascii: false, ...(theme ? { theme } : {}) }).tones.train.color;
    expect(accent({})).toBe('cyan');
    expect(accent({ COLORFGBG: '0;15' })).toBe('blue');
    expect(accent({ COLORFGBG: '15;0' })).toBe('cyan');
    expect(accent({ WORKBENCH_THEME: 'light' })).toBe('blue');
    expect(accent({}, 'light')).toBe('blue');
    expect(accent({ NO_COLOR: '1' }, 'light')).toBeUndefined();
    expect(accent({}, 'none')).toBeUndefined();
  });

  it('is changed by command while the screen is open', async () => {
    session.press(':', ...'theme pink', 'enter');
    await session.until('theme takes one of auto, dark, light, none');
    session.press(...'theme light', 'enter');
    await session.until('> theme light');
  });

  it('is kept for the next session', async () => {
    session.press(':', ...'theme light', 'enter');
    await session.until('> theme light');
    expect(home.store.preference('theme')).toBe('light');
  });
});

describe('commands that show', () => {
  it('compare the marked runs on their screen', async () => {
    session.press('3');
    await session.until('too-hot');
    session.press('space', 'j', 'space', ':', ...'compare @marked', 'enter');
    await session.until('loss by step', 'Set differently', 'baseline', 'too-hot');
  });

  it('sound the bell when a run ends, once it is asked for', async () => {
    const run = recordRun(home.store, { name: 'going', steps: 4, total: 8, end: 'running' });
    session.poll();
    session.press(':', ...'bell on', 'enter');
    await session.until('The bell sounds when a run ends.');
    expect(session.asked).not.toContain('ring');
    home.store.setState(run, 'stopped', 'asked to');
    session.poll();
    expect(session.asked).toContain('ring');
  });
});
