import { describe, expect, it } from 'vitest';
import { eventLine, statusLine } from '../../../src/cli/view/progress.js';
import { eventPrinter, jsonEvent } from '../../../src/cli/view/printer.js';
import type { EvalEvent, TrainEvent } from '../../../src/trainer/events.js';
import { memoryTerminal, plain, stepEvent } from '../samples.js';

const at = { step: 50, total_steps: 200, epoch: 0.5 };
const evaluation: EvalEvent = { type: 'eval', ...at, eval_loss: 1.75, perplexity: 5.7546, accuracy: 0.9, eval_seconds: 3.2 };
const started: TrainEvent = { type: 'started', ...at, step: 0, trainable_parameters: 1000, total_parameters: 100_000, estimated_memory_bytes: 3e8, train_rows: 1200, eval_rows: 40, engine: 'reference' };
const preparing: TrainEvent = { type: 'preparing', bytes: 26_400_000, total_bytes: 66_000_000, elapsed_time: 12, remaining_time: 18 };
const completed: TrainEvent = { type: 'completed', ...at, step: 200, output: 'out', peak_memory_bytes: 3e8 };

describe('eventLine', () => {
  it.each<[TrainEvent, string]>([
    [stepEvent(7), 'step   7/200  epoch 0.07  loss 2.500  lr 2.0e-4  grad 0.7500  1.23k tok/s  3m 13s left'],
    [preparing, ' 40% ████████░░░░░░░░░░░░ tokenised of 66.0 MB  18s left'],
    [evaluation, 'step  50/200  eval loss 1.750  perplexity 5.755  accuracy 90.0%  (3.2s)'],
    [{ ...evaluation, eval_seconds: null }, 'step  50/200  eval loss 1.750  perplexity 5.755  accuracy 90.0%'],
    [{ ...evaluation, accuracy: null }, 'step  50/200  eval loss 1.750  perplexity 5.755  (3.2s)'],
    [{ ...evaluation, accuracy: null, eval_seconds: null, set_losses: { 'en.json': 1.5, 'zh.json': 2 } }, 'step  50/200  eval loss 1.750  (en.json 1.500, zh.json 2.000)  perplexity 5.755'],
    [{ type: 'warning', message: '3 rows were left out' }, 'warning: 3 rows were left out'],
    [{ type: 'checkpoint', ...at, path: 'c/step-50', bytes: 4_200_000 }, 'step  50/200  saved c/step-50 (4.20 MB)'],
    [{ type: 'sample', ...at, prompt: 'Once', text: ' upon\na \u001b[31mtime' }, 'step  50/200  Once upon↵a time'],
    [{ type: 'sample', ...at, prompt: 'One cat.', text: 'Eine Katze.', apart: true }, 'step  50/200  One cat. ↵ Eine Katze.'],
    [completed, 'completed after 200 updates; peak memory 300 MB; saved in out'],
    [{ type: 'stopped', ...at, reason: 'asked', output: 'out' }, 'stopped after 50 of 200 updates (asked); saved in out'],
    [{ type: 'failed', reason: 'no rows', user: true }, 'failed: no rows'],
  ])('%j', (event, line) => expect(eventLine(event, plain)).toBe(line));

  it('says at the start what computes, what is trained and for how long', () => {
    const line = eventLine(started, plain);
    expect(line.split('\n')).toEqual(['reference', '1,000 of 100,000 parameters trained (1.0%); 1,200 rows + 40 to evaluate; 200 updates; about 300 MB of memory']);
    expect(Math.max(...eventLine(started, plain, 40).split('\n').map((part) => part.length))).toBeLessThanOrEqual(40);
    expect(eventLine({ ...started, train_rows: 1, eval_rows: 0, total_steps: 1 }, plain)).toContain('; 1 row; 1 update; ');
  });
});

describe('statusLine', () => {
  it('shows the share done, and is cut to the width', () => {
    const wide = statusLine(stepEvent(50), evaluation, { width: 200, glyphs: plain.glyphs });
    expect(wide).toBe(' 25% █████░░░░░░░░░░░░░░░ 50/200  loss 2.500  eval 1.750  1.23k tok/s  2m 30s left  lr 2.0e-4  200 MB');
    expect(statusLine(stepEvent(50), evaluation, { width: 40, glyphs: plain.glyphs })).toHaveLength(40);
  });
});

const run = { id: '1abc', name: 'first' };
const time = '2026-01-01T10:00:00.000Z';

describe('eventPrinter', () => {
  const events: TrainEvent[] = [stepEvent(1), evaluation, stepEvent(200), completed];

  it('prints one JSON object a line: the time and the event, and which run it is that starts', () => {
    expect(jsonEvent(started, time, run)).toEqual({ time, ...started, ...run });
    const terminal = memoryTerminal();
    const printer = eventPrinter(terminal, { run, json: true });
    for (const event of events) printer.show(event, time);
    expect(terminal.out.join('').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(events.map((event) => ({ time, ...event })));
  });

  it('prints whole lines where nothing can be redrawn', () => {
    const terminal = memoryTerminal();
    const printer = eventPrinter(terminal, { run, json: false });
    for (const event of events) printer.show(event, time);
    expect(terminal.out.join('')).toBe(events.map((event) => `${eventLine(event, plain)}\n`).join(''));
  });

  it('keeps events above a status that is redrawn, and ends on a line of its own', () => {
    const terminal = memoryTerminal({ interactive: true });
    const printer = eventPrinter(terminal, { run, json: false });
    for (const event of events) printer.show(event, time);
    const text = terminal.out.join('');
    const shown = text.split('\n').map((line) => line.split('\r\u001b[2K').at(-1));
    expect(shown).toEqual([eventLine(evaluation, plain), statusLine(stepEvent(200), evaluation, { width: 79, glyphs: plain.glyphs }), eventLine(completed, plain), '']);
  });

  it('shows how far rows are tokenised until the run starts, or fails', () => {
    const terminal = memoryTerminal({ interactive: true });
    const printer = eventPrinter(terminal, { run, json: false });
    for (const event of [preparing, { ...preparing, bytes: 33_000_000 }, { type: 'warning', message: 'a row is left out' } as const, started]) printer.show(event, time);
    const shown = terminal.out.join('').split('\n').map((line) => line.split('\r\u001b[2K').at(-1));
    expect(shown).toEqual(['warning: a row is left out', 'first (1abc)', ...eventLine(started, plain, 80).split('\n'), '']);
    const failing = memoryTerminal({ interactive: true });
    const other = eventPrinter(failing, { run, json: false });
    for (const event of [preparing, { type: 'failed', reason: 'no rows', user: true } as const]) other.show(event, time);
    expect(failing.out.at(-1)).toBe(`\r\u001b[2K${eventLine(preparing, plain)}\n`);
  });

  it('says which run begins, and leaves no status behind when something else is to be said', () => {
    const terminal = memoryTerminal({ interactive: true });
    const printer = eventPrinter(terminal, { run, json: false });
    printer.show(started, time);
    printer.show(stepEvent(1), time);
    printer.clear();
    printer.show({ type: 'stopped', ...at, reason: 'asked', output: 'o' }, time);
    const lines = terminal.out.join('').split('\n').map((line) => line.split('\r\u001b[2K').at(-1));
    expect(lines[0]).toBe('first (1abc)');
    expect(lines.filter((line) => line?.includes('%  ') || line?.includes('░'))).toEqual([]);
  });
});
