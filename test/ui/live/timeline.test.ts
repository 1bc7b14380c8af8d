import { describe, expect, it } from 'vitest';
import { makeTheme } from '../../../src/ui/theme.js';
import { textOf } from '../../../src/ui/format/line.js';
import { eventLines, logLines, machineLines } from '../../../src/ui/screens/live/panes.js';
import { isShown, layoutOf } from '../../../src/ui/screens/live/layout.js';
import { initialLive, panes } from '../../../src/ui/screens/live/state.js';
import { momentMarks, moments, trainingTime } from '../../../src/ui/timeline.js';
import type { RunData } from '../../../src/ui/run-data.js';

const { glyphs } = makeTheme({ color: true, unicode: true });
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const curve = (points: readonly (readonly [step: number, seconds: number])[]) => ({ points: 1, stretches: points.map(([step, seconds]) => ({ first: step, last: step, time: seconds * 1000, seq: step, points: 1, finite: 1, low: 1, high: 1, mean: 1 })) });

/** Two steps, a pause of a hundred seconds, a step, a crash, and a step after a resume the next day. */
const data = {
  curves: { loss: curve([[1, 10], [2, 20], [3, 130], [4, 90_020]]), eval_loss: curve([[2, 21]]) },
  history: [
    { type: 'started', time: at(0), step: 0, details: { engine: 'onnx on cpu' } },
    { type: 'control', time: at(20), step: null, details: { control: 'pause' } },
    { type: 'paused', time: at(20), step: 2, details: {} },
    { type: 'resumed', time: at(120), step: 2, details: { checkpoint: null } },
    { type: 'changed', time: at(125), step: 2, details: { changes: { learning_rate: 0.002 } } },
    { type: 'checkpoint', time: at(130), step: 3, details: { bytes: 2_000_000, path: '/c' } },
    { type: 'warning', time: at(131), step: null, details: { message: 'The loss of update 4 is not a number. This update is left out.' } },
    { type: 'started', time: at(90_000), step: 3, details: { engine: 'onnx on cpu' } },
    { type: 'resumed', time: at(90_010), step: 3, details: { checkpoint: '/c' } },
    { type: 'sample', time: at(90_020), step: 4, details: { prompt: 'p', text: 't' } },
  ],
} as unknown as RunData;

describe('what happened', () => {
  it('is put in the order of time, with a step where it had none', () => {
    expect(moments(data).map(({ kind, step }) => `${kind} ${step}`)).toEqual([
      'begun 0', 'asked 2', 'paused 2', 'evaluated 2', 'begun 2', 'changed 2', 'saved 3', 'warned 3', 'begun 3', 'begun 3',
    ]);
    expect(moments(data).map(({ text }) => text).filter((text) => text.startsWith('set') || text.startsWith('saved') || text.startsWith('resumed'))).toEqual(['set learning_rate to 0.002', 'saved a checkpoint (2.00 MB)', 'resumed from the checkpoint at step 3']);
  });

  it('has the losses of the sets of a mixture in numbers', () => {
    const mixed = { ...data, curves: { ...data.curves, 'eval_loss/en': curve([[2, 21]]), 'eval_loss/zh': curve([[3, 30]]) } };
    expect(moments(mixed).find(({ kind }) => kind === 'evaluated')?.text).toBe('eval loss 1.000 (en 1.000)');
  });

  it('is listed newest first, and wraps', () => {
    const lines = eventLines(data, { width: 40 }).map(textOf);
    expect(lines[0]).toContain('r resumed from the');
    expect(lines.every((text) => text.length <= 40)).toBe(true);
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain('! The loss of update 4');
  });

  it('has a letter of its own for every kind', () => {
    expect(new Set(Object.values(momentMarks).map(({ letter }) => letter)).size).toBe(Object.keys(momentMarks).length);
  });
});

describe('the time of training', () => {
  it('leaves out pauses and the time between two parts of a run', () => {
    const seconds = trainingTime(data);
    // 10 s to the second step; 10 s after the pause to the third; 10 s after the resume to the fourth, and a second between the last point and the warning before the crash.
    expect([1, 2, 3, 4].map(seconds)).toEqual([0, 10, 20, 31]);
    expect(seconds(1.5)).toBe(5);
  });
});

describe('panes', () => {
  it('can all be seen at every size, by Tab', () => {
    for (const [width, height] of [[72, 16], [80, 22], [120, 38], [200, 58]]) {
      for (const pane of panes) {
        const layout = layoutOf({ ...initialLive, focus: pane, tab: pane === 'loss' ? 'samples' : pane }, width, height);
        expect(isShown(layout, pane), `${pane} at ${width}x${height}`).toBe(true);
        const sum = (slots: readonly { width: number }[]): number => slots.reduce((total, slot) => total + slot.width, 0);
        expect(sum(layout.top)).toBe(width);
        expect(layout.left[0].width + sum(layout.right)).toBe(width);
        expect(layout.top[0].height + layout.left.reduce((total, slot) => total + slot.height, 0)).toBe(height);
      }
    }
  });

  it('say what a device tells, and leave out what it does not', () => {
    const gpu = { name: 'NVIDIA T4', utilisation: 0.93, usedBytes: 4e9, totalBytes: 16e9, temperature: 90, watts: 61, wattsLimit: 70 };
    const reading = { cpu: 0.5, cores: 2, usedBytes: 4e9, totalBytes: 8e9, gpus: [gpu, { ...gpu, utilisation: null, temperature: null, watts: null }] };
    const lines = machineLines(reading, { width: 40, glyphs });
    expect(lines.map(textOf).map((text) => text.replace(/[█░]+/, '#'))).toEqual([
      'cpu     # 50% of 2', 'memory  # 4.00 GB of 8.00 GB', 'gpu 0   NVIDIA T4', '  busy  # 93%', '  memory# 4.00 GB of 16.0 GB', '        90 C  61 of 70 W', 'gpu 1   NVIDIA T4', '  memory# 4.00 GB of 16.0 GB',
    ]);
    expect(lines[5].find(({ text }) => text.includes('90'))?.tone).toBe('bad');
  });

  it('put lines of the log between the points of their time', () => {
    const log = { lines: [{ time: 5_000, text: 'begins' }, { time: 25_000, text: 'something' }], points: [{ current_steps: 1, loss: 2 }, { current_steps: 2, loss: 1, learning_rate: 1e-4 }, { current_steps: 2, eval_loss: 1.5 }, { current_steps: 3, loss: 0.5 }] as Record<string, number>[] };
    expect(logLines(log, data, 80).map(textOf).map((text) => text.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual(['begins', 'step 1  loss 2.000', 'something', 'step 2  loss 1.000  lr 1.00e-4', 'step 2  eval loss 1.500', 'step 3  loss 0.5000']);
  });
});
