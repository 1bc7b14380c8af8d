/** The playground as a user has it: voices that say the prompt backwards. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { samplingKnobs, stepKnob, typedKnob } from '../../../src/ui/screens/playground/knobs.js';
import { answerLines, promptLines } from '../../../src/ui/screens/playground/lines.js';
import type { Question } from '../../../src/ui/screens/playground/services.js';
import { initialPlayground, reducePlayground } from '../../../src/ui/screens/playground/state.js';
import type { PlaygroundAction, PlaygroundState } from '../../../src/ui/screens/playground/state.js';
import { makeTheme } from '../../../src/ui/theme.js';
import { textOf } from '../../../src/ui/format/line.js';
import { recordRun, samplePlayground } from '../samples.js';
import { openHome, openSession, overflow } from '../support.js';
import type { Home, Session } from '../support.js';

let home: Home;
let session: Session | null = null;
let asked: Question[] = [];

beforeEach(() => {
  asked = [];
  home = openHome({ playground: samplePlayground(asked) });
});
afterEach(() => {
  session?.close();
  session = null;
  home.dispose();
});

async function open(columns = 120, rows = 40, options = {}): Promise<Session> {
  session = await openSession(home, { columns, rows }, options);
  session.press('6');
  return session;
}

describe('long answers', () => {
  it('are followed to their end, then read from their beginning; g and G go there', () => {
    const text = Array.from({ length: 9 }, (_, i) => `line ${i}`).join('\n');
    const firstShown = (...actions: PlaygroundAction[]): string => {
      const state = actions.reduce(reducePlayground, { ...initialPlayground, running: true });
      const answer = { label: 'base', state: 'length', text, tokens: 9, seconds: 1 } as const;
      return textOf(answerLines(answer, state, { width: 20, height: 3, glyphs: makeTheme({ color: false, unicode: true }).glyphs })[0]);
    };
    const over: PlaygroundAction = { type: 'over', problem: null };
    expect(firstShown()).toBe('line 6');
    expect(firstShown({ type: 'scroll', by: 2 })).toBe('line 4');
    expect(firstShown({ type: 'scroll', by: 2 }, over)).toBe('line 4');
    expect(firstShown(over)).toBe('line 0');
    expect(firstShown(over, { type: 'scroll', by: -2 })).toBe('line 2');
    expect(firstShown(over, { type: 'scroll-to', to: 'end' }, { type: 'scroll', by: 1 })).toBe('line 5');
    expect(firstShown({ type: 'scroll-to', to: 'top' })).toBe('line 0');
  });
});

describe('the playground', () => {
  it('opens the newest run that has learned, and has base and result answer side by side', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('base, result', 'chat template on', 'i types a prompt');
    shown.press('i', ...'one two');
    await shown.until('one two');
    shown.press('enter');
    await shown.until('base two one', 'result two one', 'at the limit', '3 tokens, 10.0/s');
    expect(shown.lines().find((text) => text.includes('base two one'))).toContain('result two one');
    expect(asked).toMatchObject([{ prompt: 'one two', chat: true, special: true, sampling: { temperature: 0, seed: 0 } }]);
  });

  it('takes a model by some of its letters', async () => {
    const shown = await open();
    await shown.until('No model yet');
    shown.press('m');
    await shown.until('stories260k', 'tiny-random-gpt2');
    expect(shown.frame()).not.toContain('bert-base');
    shown.press(...'gpt2', 'enter');
    await shown.until('model /models/tiny-random-gpt2', 'no chat template');
  });

  it('chooses checkpoints, at least one and four at most', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('base, result');
    shown.press('v');
    await shown.until('2 of 4');
    shown.press('space', 'j', 'space', 'j', 'space', 'enter');
    await shown.until('step 20, step 40, result');
    shown.press('i', ...'hi', 'enter');
    await shown.until('step 20 hi', 'step 40 hi', 'result hi');
  });

  it('takes prompts of several lines, by Ctrl-J, and keeps them', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('base, result');
    shown.press('i', 'a', 'ctrl+j', 'b', 'up', 'x', 'enter');
    await shown.until('b ax');
    expect(asked[0].prompt).toBe('ax\nb');
    shown.press('x', ...'later', 'enter');
    await shown.until('base later');
    shown.press('p', 'p', 'enter');
    await shown.until('base b ax');
    expect(home.store.preference('playground')).toMatchObject({ past: ['later', 'ax\nb'] });
  });

  it('takes the prompt of a row, as its template has it, with what it should say', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('base, result');
    shown.press('e');
    await shown.until('eval row 1 of 3', 'row 0', 'should say good', 'as its row has it');
    shown.press('E');
    await shown.until('eval row 3 of 3');
    shown.press('enter');
    await shown.until('base 2 row');
    expect(asked[0]).toMatchObject({ chat: false, special: false, sampling: { maxNewTokens: 10 } });
    expect(home.store.preference('playground')).toMatchObject({ sampling: { maxNewTokens: 64 } });
    shown.press('i', '!', 'esc');
    await shown.until('chat template on');
    expect(shown.frame()).not.toContain('should say');
  });

  it('is interrupted by Esc, and asks anew', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('base, result');
    shown.press('i', ...'slow', 'enter');
    await shown.until('Esc interrupt', 'base slow');
    shown.press('5');
    await shown.until('done');
    shown.press('6', 'esc');
    await shown.until('interrupted', 'Enter generate');
    shown.press('r');
    await shown.until('seed 1');
    shown.press('esc');
    expect(asked.map(({ sampling: { seed } }) => seed)).toEqual([0, 1]);
  });

  it('has its knobs as fields', async () => {
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('temperature 0');
    shown.press('tab', 'right', 'right', 'right');
    await shown.until('temperature 0.3', '0: the likeliest token');
    shown.press('j', '5', '0', 'enter');
    await shown.until('top k 50');
    shown.press('j', '3', 'enter');
    await shown.until('top p is a number from 0 to 1');
    shown.press('esc');
    await shown.until('top p 1');
  });

  it('says why nothing came', async () => {
    home.dispose();
    home = openHome({ playground: { ...samplePlayground(), generate: () => Promise.reject(new Error('The prompt has 600 tokens, but the model holds 512; shorten it.')) } });
    recordRun(home.store, { name: 'done', steps: 40, total: 40, end: 'completed' });
    const shown = await open();
    await shown.until('base, result');
    shown.press('i', 'a', 'enter');
    await shown.until('failed', 'the model holds 512');
  });

  it.each([[72, 18], [80, 24], [120, 40], [200, 60]])('fits %i×%i, in plain characters too', async (columns, rows) => {
    recordRun(home.store, { name: 'a-run-with-a-name-that-is-far-too-long-for-its-line-and-then-some-more-of-it', steps: 40, total: 40, end: 'completed' });
    const shown = await open(columns, rows, { unicode: false });
    await shown.until('base, result');
    shown.press('v', 'j', 'space', 'j', 'space', 'esc', 'i', ...'many words '.repeat(60), 'enter');
    await shown.until('step 40');
    await shown.until('Enter generate');
    expect(overflow(shown.lines(), { columns, rows })).toEqual([]);
    // eslint-disable-next-line no-control-regex
    expect(shown.frame()).toMatch(/^[\x00-\x7f]*$/);
    shown.press('e');
    await shown.until('should say');
    shown.press('m');
    await shown.until('find');
    expect(overflow(shown.lines(), { columns, rows })).toEqual([]);
  });
});

describe('its parts', () => {
  it('explain each knob on one line of 80 columns', () => {
    for (const { label, help } of samplingKnobs) expect(`${label}: ${help}`.length, label).toBeLessThanOrEqual(76);
  });

  it('step and check the knobs', () => {
    const [temperature, topK, , tokens, seed, beams, length] = samplingKnobs;
    expect(stepKnob(temperature, 0, 1)).toBe(0.1);
    expect(stepKnob(temperature, 0.75, -1)).toBe(0.7);
    expect(stepKnob(temperature, 0, -1)).toBe(0);
    expect(stepKnob(seed, 0, -1)).toBe(0);
    expect([stepKnob(beams, null, 1), stepKnob(beams, 1, -1), stepKnob(beams, null, -1), stepKnob(length, 0, -1)]).toEqual([1, null, null, -0.5]);
    expect([typedKnob(beams, '4'), typedKnob(beams, 'auto'), typedKnob(beams, ''), typedKnob(beams, '0')]).toEqual([4, null, null, expect.stringContaining('from 1 to 1000, or auto')]);
    expect(typedKnob(topK, '7')).toBe(7);
    expect(typedKnob(topK, '1.5')).toContain('whole number');
    expect(typedKnob(tokens, '')).toContain('whole number from 1');
    expect(typedKnob(temperature, 'nan')).toContain('number from 0');
  });

  it('break a prompt at the columns and keep the caret in sight', () => {
    const shown = (text: string, caret: number | null, height: number): string[] => promptLines(text, caret, { width: 4, height }).map(textOf);
    expect(shown('abcdef\ng', null, 9)).toEqual(['abcd', 'ef', 'g']);
    expect(shown('日本語', null, 9)).toEqual(['日本', '語']);
    expect(shown('a\nb\nc\nd', 6, 2)).toEqual(['c', 'd']);
    expect(promptLines('ab\n', 3, { width: 4, height: 9 }).at(-1)).toEqual([{ text: ' ', inverse: true }]);
    expect(promptLines('ab\nc', 2, { width: 4, height: 9 })[0]).toEqual([{ text: 'ab' }, { text: ' ', inverse: true }]);
  });

  it('take what comes to the voice it is of', () => {
    const act = (state: PlaygroundState, ...actions: PlaygroundAction[]): PlaygroundState => actions.reduce(reducePlayground, state);
    const answer = (label: string) => ({ label, state: 'waiting', text: '', tokens: 0, seconds: 0 }) as const;
    const start: PlaygroundState = { ...initialPlayground, running: true, answers: [answer('base'), answer('result')] };
    const heard = act(start, { type: 'news', news: [{ voice: 0, type: 'reading' }, { voice: 0, type: 'text', text: 'a', tokens: 1, seconds: 1 }, { voice: 0, type: 'text', text: 'b', tokens: 2, seconds: 2 }, { voice: 0, type: 'done', tokens: 2, seconds: 2, stopped: 'end' }] });
    expect(heard.answers.map(({ state, text }) => `${state} ${text}`)).toEqual(['end ab', 'waiting ']);
    expect(act(heard, { type: 'over', problem: null })).toMatchObject({ running: false, answers: [{ state: 'end' }, { state: 'interrupted' }] });
    expect(act(heard, { type: 'over', problem: 'no memory' }).answers[1]).toMatchObject({ state: 'failed', text: 'no memory' });
  });
});
