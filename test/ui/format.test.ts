import { describe, expect, it } from 'vitest';
import { fitLine, line, lineWidth, spread, textOf } from '../../src/ui/format/line.js';
import { paint } from '../../src/ui/format/paint.js';
import { ageText, baseName, fitNumber } from '../../src/ui/format/run.js';
import { clean, cut, cutLeft, fit, widthOf, wrap } from '../../src/ui/format/text.js';
import { makeTheme } from '../../src/ui/theme.js';
import { progressBar, stackedBar } from '../../src/ui/widgets/bar.js';
import type { Frame } from '../../src/ui/frame.js';
import { difference } from '../../src/ui/frame-writer.js';

const { glyphs } = makeTheme({ color: true, unicode: true });

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
  const rows = (...texts: string[]): Frame => texts.map((text) => [{ left: 0, width: 1, text }]);
  const pair = (left: string, right: string): Frame => [[{ left: 0, width: 4, text: left }, { left: 4, width: 4, text: right }]];

  it('write only what changed, each at its place', () => {
    expect(difference(rows('a', 'b', 'c'), rows('a', 'B', 'c'))).toBe('\u001b[2;1HB');
    expect(difference(pair('left', 'lost'), pair('left', 'here'))).toBe('\u001b[1;5Hhere');
    expect(difference(rows('a'), rows('a'))).toBe('');
  });

  it('erase a row that is divided otherwise, and rows that are gone', () => {
    expect(difference(rows('a'), pair('left', 'here'))).toBe('\u001b[1;1H\u001b[K\u001b[1;1Hleft\u001b[1;5Hhere');
    expect(difference(rows('a', 'b'), rows('a'))).toBe('\u001b[2;1H\u001b[J');
  });

  it('set every style from nothing and end it', () => {
    const { tones } = makeTheme({ color: true, unicode: true });
    expect(paint(line('a', ['b', 'accent'], ['c', 'accent'], { text: 'd', tone: 'muted', inverse: true }), tones)).toBe('a\u001b[36mbc\u001b[0m\u001b[7md\u001b[0m');
    expect(paint(line(['x', 'bad']), tones)).toBe('\u001b[1;91mx\u001b[0m');
  });
});
