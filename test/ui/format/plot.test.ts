import { describe, expect, it } from 'vitest';
import { formatX, xLabels } from '../../../src/ui/format/axis.js';
import { lineWidth, textOf } from '../../../src/ui/format/line.js';
import { legend, plot, plotStyles } from '../../../src/ui/format/plot.js';
import type { Curve } from '../../../src/ui/format/plot.js';
import { columnsOf, extent, resample } from '../../../src/ui/format/series.js';
import type { Series } from '../../../src/ui/format/series.js';
import { sparkline } from '../../../src/ui/format/sparkline.js';
import { makeTheme } from '../../../src/ui/theme.js';

const { glyphs } = makeTheme({ color: true, unicode: true });
const ascii = makeTheme({ color: false, unicode: false }).glyphs;

function series(values: readonly number[], first = 1): Series {
  return { x: values.map((_, i) => first + i), y: values };
}

describe('series', () => {
  it('joins few points by straight lines over exactly the columns', () => {
    expect(resample({ x: [0, 10], y: [0, 1] }, { from: 0, to: 10 }, 11)).toEqual([0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5, 0.6000000000000001, 0.7000000000000001, 0.8, 0.9, 1].map((value) => expect.closeTo(value)));
  });

  it('is empty before the first and after the last point', () => {
    const values = resample({ x: [4, 6], y: [1, 2] }, { from: 0, to: 10 }, 11);
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

  it('shows the beginning of a long run, whose points are all in the first columns', () => {
    const shown = resample({ x: [1, 2, 3, 4, 5], y: [5, 4, 3, 2, 1] }, { from: 1, to: 10_000 }, 60);
    expect(shown.slice(0, 3)).toEqual([5, 1, Number.NaN]);
    expect(resample({ x: [50, 51], y: [1, 2] }, { from: 0, to: 10_000 }, 4)).toEqual([1, 2, Number.NaN, Number.NaN]);
  });

  it('leaves a gap where a value is not a number', () => {
    const few = resample(series([1, 2, Number.NaN, 4, 5]), { from: 1, to: 5 }, 5);
    expect(few).toEqual([1, 2, Number.NaN, 4, 5]);
    const many = resample(series(Array.from({ length: 1000 }, (_, i) => (i > 380 && i < 620 ? Number.NaN : 1))), { from: 1, to: 1000 }, 10);
    expect(many.map(Number.isNaN)).toEqual([false, false, false, false, true, true, false, false, false, false]);
  });

  it('knows the columns of its points', () => {
    expect(columnsOf({ x: [1, 50, 100], y: [1, Number.NaN, 1] }, { from: 1, to: 100 }, 10)).toEqual([0, 9]);
  });
});

describe('plot', () => {
  const options = { width: 40, height: 8, range: { from: 1, to: 20 }, logarithmic: false, glyphs };
  const falling = series(Array.from({ length: 20 }, (_, i) => 20 - i));

  it('has exactly the lines and at most the columns asked for, at any size', () => {
    for (const [width, height] of [[20, 4], [40, 8], [77, 13], [200, 50]]) {
      const lines = plot([{ series: falling, name: 'train', tone: 'train', marker: null }], { ...options, width, height })!;
      expect(lines).toHaveLength(height);
      expect(Math.max(...lines.map(lineWidth))).toBe(width);
    }
  });

  it('starts high and ends low, as the values do', () => {
    const lines = plot([{ series: falling, name: 'train', tone: 'train', marker: null }], options)!.map(textOf);
    expect(lines[0]).toMatch(/^ +20 ┤[─╮]/);
    expect(lines[6]).toMatch(/^ +1 ┤ .*╰─*$/);
    expect(lines[7].trim()).toMatch(/^1 +11 +20$/);
  });

  it('draws nothing in a gap', () => {
    const gap = series(Array.from({ length: 20 }, (_, i) => (i > 6 && i < 13 ? Number.NaN : 5)));
    const text = plot([{ series: gap, name: 'train', tone: 'train', marker: null }], options)!.map(textOf).slice(0, -1).map((row) => row.slice(10)).join('\n');
    const inked = Array.from({ length: 30 }, (_, column) => text.split('\n').some((row) => (row[column] ?? ' ') !== ' '));
    expect(inked.indexOf(false)).toBeGreaterThan(5);
    expect(inked.at(-1)).toBe(true);
  });

  it('overlays evaluation with its own tone and marks its points', () => {
    const evaluation = { x: [5, 10, 20], y: [18, 12, 6] };
    const lines = plot([{ series: falling, name: 'train', tone: 'train', marker: null }, { series: evaluation, name: 'eval', tone: 'eval', marker: glyphs.mark, marks: 'points' }], options)!;
    const marks = lines.flat().filter(({ tone }) => tone === 'eval').map(({ text }) => text).join('');
    expect([...marks].filter((character) => character === '•')).toHaveLength(3);
    expect(lines.flat().some(({ tone }) => tone === 'train')).toBe(true);
  });

  it('draws a constant, a single point, and says null for nothing', () => {
    expect(plot([{ series: series([2, 2, 2]), name: 'train', tone: 'train', marker: null }], options)).toHaveLength(8);
    expect(plot([{ series: series([2]), name: 'train', tone: 'train', marker: glyphs.mark, marks: 'points' }], options)!.map(textOf).join('')).toContain('•');
    expect(plot([{ series: series([Number.NaN]), name: 'train', tone: 'train', marker: null }], options)).toBeNull();
  });

  it('puts decades at equal heights on a logarithmic axis', () => {
    const lines = plot([{ series: series([100, 10, 1]), name: 'train', tone: 'train', marker: null }], { ...options, height: 6, range: { from: 1, to: 3 }, logarithmic: true })!.map(textOf);
    expect(lines.slice(0, 5).map((text) => Number(text.slice(0, 9)))).toEqual([100, 32, 10, 3, 1]);
  });

  it('names a step of the axis once', () => {
    const axis = (to: number) => plot([{ series: series([2], 0), name: 'train', tone: 'train', marker: null }], { ...options, range: { from: 0, to } })!.map(textOf).at(-1)!.trim();
    expect(axis(1)).toMatch(/^0 +1$/);
    expect(axis(2)).toMatch(/^0 +1 +2$/);
  });

  it('tells rows of tiny values apart', () => {
    const lines = plot([{ series: series([4e-9, 1e-9]), name: 'train', tone: 'train', marker: null }], { ...options, range: { from: 1, to: 2 } })!.map(textOf);
    expect(lines[0]).toContain('4.00e-9');
    expect(lines[6]).toContain('1.00e-9');
  });

  it('draws dots: a rising line goes through four rows of braille, two dots a column', () => {
    const lines = plot([{ series: series([0, 1, 2, 3, 4, 5, 6, 7]), name: 'train', tone: 'train', marker: null }], { ...options, width: 14, height: 3, range: { from: 1, to: 8 }, style: 'dots' })!.map(textOf);
    expect(lines.slice(0, 2).map((text) => text.slice(10).trimEnd())).toEqual(['  ⡠⠊', '⡠⠊']);
  });

  it('has the same height in every style', () => {
    for (const style of plotStyles) expect(plot([{ series: falling, name: 'train', tone: 'train', marker: null }], { ...options, style })).toHaveLength(8);
  });

  it('keeps a spike in every style', () => {
    const spiky = series(Array.from({ length: 10_000 }, (_, i) => (i === 4321 ? 9 : 1)));
    for (const [style, found] of [['line', /^ +9 ┤ +[╭╮]/], ['dots', /^ +9 ┤ +[⠁-⣿]/]] as const) expect(textOf(plot([{ series: spiky, name: 'train', tone: 'train', marker: null }], { ...options, range: { from: 1, to: 10_000 }, style })![0])).toMatch(found);
  });

  it('tells overlaid curves apart by their markers, which do not cover each other', () => {
    const curves = [0, 1, 2].map((i): Curve => ({ name: `run ${i}`, series: falling, tone: 'plain', marker: glyphs.markers[i] }));
    const text = plot(curves, { ...options, width: 80 })!.map(textOf).join('\n');
    for (const { marker } of curves) expect(text.split(marker!).length - 1).toBeGreaterThan(3);
    expect(textOf(legend(curves, glyphs))).toBe('─●─ run 0  ─■─ run 1  ─▲─ run 2');
  });

  it('shows what happened in a row of its own, the weightier where two fall together', () => {
    const marks = [{ x: 1, glyph: 's', tone: 'plain' }, { x: 20, glyph: 'e', tone: 'eval' }, { x: 20, glyph: '!', tone: 'bad' }, { x: 30, glyph: 'x', tone: 'bad' }] as const;
    const lines = plot([{ series: falling, name: 'train', tone: 'train', marker: null }], { ...options, marks })!;
    expect(lines).toHaveLength(8);
    expect(textOf(lines[6]).slice(10)).toBe(`s${' '.repeat(28)}!`);
    expect(lines[6].at(-1)!.tone).toBe('bad');
  });

  it('leaves out on a logarithmic axis what has no logarithm, and stays linear where nothing has one', () => {
    const log = { ...options, logarithmic: true, range: { from: 1, to: 3 } };
    expect(Number(textOf(plot([{ series: series([0, 10, 100]), name: 'a', tone: 'train', marker: null }], log)![6]).slice(0, 9))).toBeGreaterThan(0);
    expect(plot([{ series: series([-1, -2, -3]), name: 'a', tone: 'train', marker: null }], log)).not.toBeNull();
  });

  it('uses ASCII alone when asked', () => {
    for (const style of plotStyles) {
      const text = plot([{ series: falling, name: 'train', tone: 'train', marker: ascii.mark }], { ...options, style, glyphs: ascii })!.map(textOf).join('\n');
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      expect(text.replace(/[^'.:|`-]/g, '')).not.toBe('');
    }
    expect(sparkline(falling, 10, ascii)).toMatch(/^[\x20-\x7e]{10}$/);
  });
});

describe('the x axis', () => {
  it('counts updates, tokens or time', () => {
    expect([formatX('step', 12_000), formatX('tokens', 12_345_678), formatX('time', 5025)]).toEqual(['12,000', '12.3M', '1h 24m']);
  });

  it('has as many labels as there is room for, at its ends and between', () => {
    expect(xLabels({ from: 0, to: 1000 }, 'step', 60)).toMatch(/^0 +250 +500 +750 +1,000$/);
    for (const columns of [12, 20, 33, 60, 190]) expect(xLabels({ from: 1, to: 1_000_000 }, 'step', columns)).toHaveLength(columns);
  });

  it('reaches from the first to the last point of all', () => {
    expect(extent([series([1, 2], 5), series([1], 2), { x: [], y: [] }])).toEqual({ from: 2, to: 6 });
    expect(extent([])).toBeNull();
  });
});

describe('a curve of one line', () => {
  it('goes from the lowest to the highest level', () => {
    expect(sparkline(series([1, 2, 3, 4, 5, 6, 7, 8]), 20, glyphs)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline(series([1, Number.NaN, 2]), 3, glyphs)).toBe('▁ █');
    expect(sparkline({ x: [], y: [] }, 9, glyphs)).toBe('');
  });
});

