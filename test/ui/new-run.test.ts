/** People at the form: presets, past runs, files, the data, and what is said about it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordRun, sampleForm } from './samples.js';
import { openHome, openSession, overflow } from './support.js';
import type { Home, Session } from './support.js';

const usual = { columns: 80, rows: 24 };
let home: Home;
let session: Session;

beforeEach(async () => {
  home = openHome();
  recordRun(home.store, { name: 'baseline', steps: 40, total: 40, end: 'completed' });
  session = await openSession(home, usual);
  await session.until('8,192', '8.53k');
});

afterEach(() => {
  session.close();
  home.dispose();
});

describe('the form', () => {
  it('takes a preset, says what differs, and takes it back', async () => {
    session.press('p', ...'careful', 'enter');
    await session.until('The settings of careful LoRA', 'was 8');
    session.press('D');
    await session.until('lora.target_modules', 'auto → all-linear');
    session.press('u');
    await session.gone('all-linear');
    expect(session.frame()).toContain('dataset.format');
  });

  it('says that a device is not to be had here, before a run refuses to begin', async () => {
    session.press(':', ...'set engine.device cuda', 'enter', 'esc');
    await session.until('cuda is not');
    session.press(':', ...'set engine.device cpu', 'enter', 'esc');
    await session.gone('cuda is not');
  });

  it('looks at a dataset that only the draft names', async () => {
    const looked = { path: '/elsewhere/rows.jsonl', name: 'rows.jsonl', bytes: 7_000_000, rows: 4321, guess: 'alpaca', columns: [], supported: true, reason: null } as const;
    session.close();
    session = await openSession({ ...home, services: { ...home.services, defaults: { model: '/models/stories260k', dataset: { path: '/elsewhere/rows.jsonl' } }, datasetAt: () => Promise.resolve(looked) } }, { columns: 160, rows: 40 });
    await session.until('rows.jsonl', 'alpaca          4.32k');
  });

  it('starts from a past run, and shows only what was changed since', async () => {
    session.press('o', ...'base', 'enter');
    await session.until('from baseline', 'as baseline ran');
    session.press('D');
    await session.until('Nothing differs from baseline.');
    session.press('esc', 'j', 'right', 'D');
    await session.until('1 knob differs from baseline', 'lora.r', '8 → 16');
  });

  it('shows a row with what is learned of it marked, the lengths, and what was left out', async () => {
    session.press('d');
    await session.until('row 1 of 4', '«good│</s>»', 'rotten_tomatoes.jsonl:1');
    session.press('space');
    await session.until('a fine film');
    session.press('L');
    await session.until('max_length 512 cuts 0.0%', 'the filter keeps 75.0% of 8 rows (left out: 2 by contains)', '1 row left out');
    session.press('j');
    await session.until('it has no label');
  });

  it('moves what max_length cuts while it is typed, and advises', async () => {
    session.press('L');
    await session.until('cuts 0.0%');
    session.press('esc', ...'j'.repeat(18));
    await session.until('max_length: longest row');
    session.press('3', '0');
    await session.until('max_length 30 cuts 50.0%');
  });

  it('writes a file, and asks before it writes over one', async () => {
    session.close();
    home.dispose();
    const written: string[] = [];
    home = openHome({ form: sampleForm({ exists: (path) => path === 'there.yaml', save: (path, experiment) => Promise.resolve({ path: (written.push(path), path), experiment }) }) });
    session = await openSession(home, usual);
    await session.until('8,192');
    session.press('w', 'ctrl+u', ...'there', 'enter');
    await session.until('there.yaml is there already', 'Esc keep it');
    session.press('esc');
    expect(written).toEqual([]);
    session.press('enter', 'y');
    await session.until('Written: there.yaml');
    session.press('y');
    await session.until('workbench train there.yaml');
    expect(written).toEqual(['there.yaml']);
  });

  it('completes a path as a shell does', async () => {
    session.press('tab', 'e', ...'/d');
    await session.until('alpaca.json  reviews/', 'Tab complete');
    session.press('tab', 'tab');
    await session.until('path /data/alpaca.json');
  });

  it('times some updates and predicts the run by them', async () => {
    session.press('t');
    await session.until('as timed');
  });

  it('fits every window, in every view, without Unicode too', async () => {
    for (const size of [{ columns: 72, rows: 18 }, usual, { columns: 120, rows: 40 }, { columns: 200, rows: 60 }]) {
      for (const unicode of [true, false]) {
        const one = await openSession(home, size, { unicode });
        await one.until('8,192');
        for (const key of ['c', 'd', 'L', 'D', 'y', 'p']) {
          one.press(key);
          expect(overflow(one.lines(), size)).toEqual([]);
          if (!unicode) expect(one.frame().replaceAll('alpaca-små', '')).toMatch(/^[\x20-\x7e\n]*$/);
        }
        one.close();
      }
    }
  });
});
