import { describe, expect, it } from 'vitest';
import { chartLines } from '../../src/ui/format/chart.js';
import { fitLine, line, lineWidth, spread, textOf } from '../../src/ui/format/line.js';
import { ageText, baseName, fitNumber } from '../../src/ui/format/run.js';
import { columnsOf, resample, smooth } from '../../src/ui/format/series.js';
import type { Series } from '../../src/ui/format/series.js';
import { clean, cut, cutLeft, fit, widthOf, wrap } from '../../src/ui/format/text.js';
import { makeTheme } from '../../src/ui/theme.js';
import { progressBar, stackedBar } from '../../src/ui/widgets/bar.js';
import { changedLines } from '../../src/ui/frame-writer.js';

const { glyphs } = makeTheme({ color: true, unicode: true });

function series(values: readonly number[], first = 1): Series {
  return { steps: values.map((_, i) => first + i), values };
}

describe('texts', () => {
  it('measures what a terminal shows, wide characters as two', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('映画')).toBe(4);
    expect(widthOf('é\u0301')).toBe(1);
  });

  it('cuts with an ellipsis, never through a wide character', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('映画です', 4)).toBe('映…');
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abc', 0)).toBe('');
    expect(cutLeft('/models/stories260k', 8)).toBe('…ies260k');
  });

  it('fits to the column', () => {
    expect(fit('ab', 4)).toBe('ab  ');
    expect(fit('ab', 4, { right: true })).toBe('  ab');
    expect(widthOf(fit('映画です', 4))).toBe(4);
  });

  it('lets no control character through', () => {
    expect(clean('a\u001b[31mred\u001b[0m\tb\nc\u0007\u009b', '|')).toBe('ared b|c');
  });

  it('wraps at spaces, and long words anywhere', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('a\n\nb', 4)).toEqual(['a', '', 'b']);
    for (const width of [2, 5, 9]) for (const text of wrap('映画 is a wonderful 物語 of xs', width)) expect(widthOf(text)).toBeLessThanOrEqual(width);
  });
});

describe('lines', () => {
  it('are cut or filled to the width', () => {
    const spans = line('loss ', ['1.234', 'train'], ' and more');
    for (const width of [1, 4, 5, 6, 10, 12, 19, 30]) expect(lineWidth(fitLine(spans, width))).toBe(width);
    expect(textOf(fitLine(spans, 8))).toBe('loss 1.…');
  });

  it('keep the right side when both do not fit', () => {
    expect(textOf(spread(line('a long left side'), line('right'), 12))).toBe('a long…right');
    expect(textOf(spread(line('left'), line('right'), 12))).toBe('left   right');
  });
});

describe('series', () => {
  it('joins few points by straight lines over exactly the columns', () => {
    expect(resample({ steps: [0, 10], values: [0, 1] }, { from: 0, to: 10 }, 11)).toEqual([0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9, 1].map((value) => expect.closeTo(value)));
  });

  it('is empty before the first and after the last point', () => {
    const values = resample({ steps: [4, 6], values: [1, 2] }, { from: 0, to: 10 }, 11);
    expect(values.slice(0, 4).every(Number.isNaN)).toBe(true);
    expect(values.slice(4, 7)).toEqual([1, 1.5, 2]);
    expect(values.slice(7).every(Number.isNaN)).toBe(true);
  });

  it('keeps every spike of a million points in 60 columns', () => {
    const values = Array.from({ length: 1_000_000 }, () => 1);
    values[123_456] = 9;
    values[765_432] = -9;
    const shown = resample(series(values), { from: 1, to: 1_000_000 }, 60);
    expect(shown).toHaveLength(60);
    expect(Math.max(...shown)).toBe(9);
    expect(Math.min(...shown)).toBe(-9);
  });

  it('leaves a gap where a value is not a number', () => {
    const few = resample(series([1, 2, Number.NaN, 4, 5]), { from: 1, to: 5 }, 5);
    expect(few).toEqual([1, 2, Number.NaN, 4, 5]);
    const many = resample(series(Array.from({ length: 1000 }, (_, i) => (i > 380 && i < 620 ? Number.NaN : 1))), { from: 1, to: 1000 }, 10);
    expect(many.map(Number.isNaN)).toEqual([false, false, false, false, true, true, false, false, false, false]);
  });

  it('smooths without the bias to its start', () => {
    expect(smooth(series([3, 3, 3]), 0.9).values).toEqual([3, 3, 3].map((value) => expect.closeTo(value)));
    expect(smooth(series([0, 1]), 0.5).values[1]).toBeCloseTo(2 / 3);
    expect(smooth(series([1, Number.NaN, 1]), 0.9).values[1]).toBeNaN();
  });

  it('knows the columns of its points', () => {
    expect(columnsOf({ steps: [1, 50, 100], values: [1, Number.NaN, 1] }, { from: 1, to: 100 }, 10)).toEqual([0, 9]);
  });
});

describe('chart', () => {
  const options = { width: 40, height: 8, range: { from: 1, to: 20 }, logarithmic: false, glyphs };
  const falling = series(Array.from({ length: 20 }, (_, i) => 20 - i));

  it('has exactly the lines and at most the columns asked for, at any size', () => {
    for (const [width, height] of [[20, 4], [40, 8], [77, 13], [200, 50]]) {
      const lines = chartLines([{ series: falling, tone: 'train', marks: false }], { ...options, width, height })!;
      expect(lines).toHaveLength(height);
      expect(Math.max(...lines.map(lineWidth))).toBe(width);
    }
  });

  it('starts high and ends low, as the values do', () => {
    const lines = chartLines([{ series: falling, tone: 'train', marks: false }], options)!.map(textOf);
    expect(lines[0]).toMatch(/^ +20 ┤[─╮]/);
    expect(lines[6]).toMatch(/^ +1 ┤ .*╰─*$/);
    expect(lines[7].trim()).toMatch(/^1 +11 +20$/);
  });

  it('draws nothing in a gap', () => {
    const gap = series(Array.from({ length: 20 }, (_, i) => (i > 6 && i < 13 ? Number.NaN : 5)));
    const text = chartLines([{ series: gap, tone: 'train', marks: false }], options)!.map(textOf).slice(0, -1).map((row) => row.slice(10)).join('\n');
    const inked = Array.from({ length: 30 }, (_, column) => text.split('\n').some((row) => (row[column] ?? ' ') !== ' '));
    expect(inked.indexOf(false)).toBeGreaterThan(5);
    expect(inked.at(-1)).toBe(true);
  });

  it('overlays evaluation with its own tone and marks its points', () => {
    const evaluation = { steps: [5, 10, 20], values: [18, 12, 6] };
    const lines = chartLines([{ series: falling, tone: 'train', marks: false }, { series: evaluation, tone: 'eval', marks: true }], options)!;
    const marks = lines.flat().filter(({ tone }) => tone === 'eval').map(({ text }) => text).join('');
    expect([...marks].filter((character) => character === '•')).toHaveLength(3);
    expect(lines.flat().some(({ tone }) => tone === 'train')).toBe(true);
  });

  it('draws a constant, a single point, and says null for nothing', () => {
    expect(chartLines([{ series: series([2, 2, 2]), tone: 'train', marks: false }], options)).toHaveLength(8);
    expect(chartLines([{ series: series([2]), tone: 'train', marks: true }], options)!.map(textOf).join('')).toContain('•');
    expect(chartLines([{ series: series([Number.NaN]), tone: 'train', marks: false }], options)).toBeNull();
  });

  it('puts decades at equal heights on a logarithmic axis', () => {
    const lines = chartLines([{ series: series([100, 10, 1]), tone: 'train', marks: false }], { ...options, height: 6, range: { from: 1, to: 3 }, logarithmic: true })!.map(textOf);
    expect(lines.slice(0, 5).map((text) => Number(text.slice(0, 9)))).toEqual([100, 32, 10, 3, 1]);
  });

  it('names a step of the axis once', () => {
    const axis = (to: number) => chartLines([{ series: series([2], 0), tone: 'train', marks: false }], { ...options, range: { from: 0, to } })!.map(textOf).at(-1)!.trim();
    expect(axis(1)).toMatch(/^0 +1$/);
    expect(axis(2)).toMatch(/^0 +1 +2$/);
  });

  it('tells rows of tiny values apart', () => {
    const lines = chartLines([{ series: series([4e-9, 1e-9]), tone: 'train', marks: false }], { ...options, range: { from: 1, to: 2 } })!.map(textOf);
    expect(lines[0]).toContain('4.00e-9');
    expect(lines[6]).toContain('1.00e-9');
  });

  it('uses ASCII alone when asked', () => {
    const theme = makeTheme({ color: false, unicode: false });
    const text = chartLines([{ series: falling, tone: 'train', marks: true }], { ...options, glyphs: theme.glyphs })!.map(textOf).join('\n');
    // eslint-disable-next-line no-control-regex
    expect(text).toMatch(/^[\x00-\x7f]*$/);
  });
});

describe('bars', () => {
  it('fill what the sum is of the total, shared among the parts', () => {
    const parts = [{ amount: 100, glyph: 'w', tone: 'weights' }, { amount: 0, glyph: 't', tone: 'trainable' }, { amount: 400, glyph: 'a', tone: 'activations' }] as const;
    expect(textOf(stackedBar(parts, 1000, { width: 20, glyphs }))).toBe('wwaaaaaaaa░░░░░░░░░░');
    expect(textOf(stackedBar(parts, 100, { width: 20, glyphs }))).toBe('wwwwaaaaaaaaaaaaaaaa');
    expect(textOf(stackedBar(parts, 1e9, { width: 20, glyphs }))).toBe('a░░░░░░░░░░░░░░░░░░░');
    expect(textOf(stackedBar([], 10, { width: 4, glyphs }))).toBe('░░░░');
  });

  it('are full only at the end', () => {
    expect(textOf(progressBar(99, 100, { width: 10, glyphs }))).toBe('█████████░');
    expect(textOf(progressBar(100, 100, { width: 10, glyphs }))).toBe('██████████');
    expect(textOf(progressBar(0, 0, { width: 3, glyphs }))).toBe('░░░');
  });
});

describe('runs', () => {
  it('tell their age in one unit', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(['2026-01-01T23:59:30Z', '2026-01-01T23:50:00Z', '2026-01-01T20:00:00Z', '2025-12-20T00:00:00Z'].map((time) => ageText(time, now))).toEqual(['now', '10m', '4h', '13d']);
  });

  it('have small losses in as many columns as there are', () => {
    expect([0.4213, 4.62e-4, 4.62e-10, 1234567].map((loss) => fitNumber(loss, 7))).toEqual(['0.4213', '4.62e-4', '4.6e-10', '1.23e+6']);
    expect(fitNumber(4.62e-10, 6)).toBe('5e-10');
  });

  it('are known by the last part of a path', () => {
    expect(baseName('/a/b/stories260k/')).toBe('stories260k');
    expect(baseName('/hub/models--TinyLlama--TinyLlama-1.1B/snapshots/fe8a4ea')).toBe('TinyLlama-1.1B');
  });
});

describe('frames', () => {
  it('write only the lines that changed, each at its place', () => {
    expect(changedLines(['a', 'b', 'c'], ['a', 'B', 'c'])).toBe('\u001b[2;1H\u001b[KB');
    expect(changedLines(['a'], ['a'])).toBe('');
    expect(changedLines(['a', 'b'], ['a'])).toBe('\u001b[2;1H\u001b[J');
  });
});
