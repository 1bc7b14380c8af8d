import { describe, expect, it } from 'vitest';
import { enough, growing, latestValue, readOn, refined, seriesOf, smoothed } from '../../../src/ui/curve.js';
import type { Curve, CurveSource } from '../../../src/ui/curve.js';
import { initialDrawing, reduceDrawing, windowRange } from '../../../src/ui/drawing.js';
import type { Series } from '../../../src/ui/format/series.js';
import type { Stretch } from '../../../src/store/rows.js';

interface Point { step: number; value: number; seq: number }

/** A curve as the store would reduce it. */
function source(points: readonly Point[]): CurveSource {
  const of = (part: readonly Point[]): Stretch => {
    const values = part.map(({ value }) => value).filter(Number.isFinite);
    const any = values.length > 0;
    return { first: part[0].step, last: part.at(-1)!.step, time: part.at(-1)!.step * 10, seq: part.at(-1)!.seq, points: part.length, finite: values.length, low: any ? Math.min(...values) : NaN, high: any ? Math.max(...values) : NaN, mean: any ? values.reduce((a, b) => a + b) / values.length : NaN };
  };
  return {
    runId: 'a', key: 'loss',
    reader: {
      stretches: (_, { after, to = Infinity, points: each, limit }) => {
        const left = points.filter(({ step }) => step > after && step <= to);
        return Array.from({ length: Math.min(limit, Math.ceil(left.length / each)) }, (_unused, i) => of(left.slice(i * each, (i + 1) * each)));
      },
      pointCount: () => points.length,
      stillHolds: (_, __, { last, seq }) => points.some((point) => point.step === last && point.seq === seq),
    },
  };
}

const logged = (count: number, from = 1): Point[] => Array.from({ length: count }, (_, i) => ({ step: from + i, value: Math.sin(from + i), seq: from + i }));
const whole = (points: readonly Point[]): Curve => readOn(null, source(points), 1e9).curve;

describe('a curve that is read on', () => {
  it('has every point of a short run, and stays the same object while nothing comes', () => {
    const first = whole(logged(5));
    expect(seriesOf(first)).toEqual({ x: [1, 2, 3, 4, 5], y: logged(5).map(({ value }) => value) });
    expect(readOn(first, source(logged(5)), 1e9).curve).toBe(first);
    expect(readOn(first, source(logged(7)), 1e9).curve).toEqual(whole(logged(7)));
  });

  it('is the same however it was read, and never has too many stretches', () => {
    const points = logged(100_000);
    let curve: Curve | null = null;
    let complete = false;
    let bites = 0;
    while (!complete) {
      ({ curve, complete } = readOn(curve, source(points), 7_000));
      bites++;
    }
    expect(bites).toBeGreaterThan(10);
    expect(curve).toEqual(whole(points));
    let grown: Curve | null = null;
    for (let count = 1000; count <= 20_000; count += 1000) {
      grown = readOn(grown, source(points.slice(0, count)), 1e9).curve;
      expect(grown.stretches.length).toBeLessThanOrEqual(2 * enough);
    }
    expect(grown!.stretches.reduce((sum, stretch) => sum + stretch.points, 0)).toBe(20_000);
    const { y } = seriesOf(grown!);
    expect(Math.max(...y)).toBe(Math.max(...points.slice(0, 20_000).map(({ value }) => value)));
  });

  it('is read anew where a resume has written a part again', () => {
    const before = whole(logged(10));
    const after = [...logged(6), ...logged(3, 7).map((point) => ({ ...point, value: 9, seq: point.seq + 50 }))];
    expect(readOn(before, source(after), 1e9).curve).toEqual(whole(after));
  });
});

/** Point by point, as TensorBoard does it: vᵢ = w·vᵢ₋₁ + (1−w)·xᵢ, shown as vᵢ / (1 − wⁱ), without the bias to its start. */
function smooth({ x, y }: Series, weight: number): Series {
  let average = 0;
  return { x, y: y.map((value, i) => (average = weight * average + (1 - weight) * value) / (1 - weight ** (i + 1))) };
}

describe('a smoothed curve', () => {
  it('is the moving average of its points', () => {
    const points = logged(50);
    const expected = smooth({ x: points.map(({ step }) => step), y: points.map(({ value }) => value) }, 0.9);
    smoothed(whole(points), 0.9).y.forEach((value, i) => expect(value).toBeCloseTo(expected.y[i], 12));
  });

  it('counts a stretch as so many times its mean', () => {
    const flat = (n: number): Curve => ({ points: n, stretches: [{ first: 1, last: n, time: 0, seq: 1, points: n, finite: n, low: 0, high: 2, mean: 1 }, { first: n + 1, last: 2 * n, time: 0, seq: 2, points: n, finite: n, low: 2, high: 4, mean: 3 }] });
    // v = w⁴·1 + (1 − w⁴)·3, as four points of 1 and four of 3 would give.
    const each = smooth({ x: [1, 2, 3, 4, 5, 6, 7, 8], y: [1, 1, 1, 1, 3, 3, 3, 3] }, 0.6);
    expect(smoothed(flat(4), 0.6).y[1]).toBeCloseTo(each.y[7], 12);
  });
});

describe('parts and places', () => {
  it('puts a part in that was read more finely', () => {
    const points = logged(20_000);
    const curve = whole(points);
    const detail = source(points).reader.stretches('a', { key: 'loss', after: 4999, to: 5200, points: 1, limit: 1000 });
    const fine = refined(curve, detail);
    expect(fine.stretches.filter(({ first, last }) => first >= 5000 && last <= 5200)).toEqual(detail);
    expect(fine.stretches.map(({ last }) => last)).toEqual(fine.stretches.map(({ last }) => last).toSorted((a, b) => a - b));
  });

  it('finds what grows with the step between its points', () => {
    const at = growing({ points: 1, stretches: [[10, 100], [20, 300]].map(([step, high]) => ({ first: step, last: step, time: 0, seq: step, points: 1, finite: 1, low: high, high, mean: high })) }, ({ high }) => high);
    expect([5, 10, 15, 20, 30].map(at)).toEqual([100, 100, 200, 300, 300]);
  });

  it('has the newest number as its last value', () => {
    expect(latestValue(whole([...logged(3), { step: 4, value: NaN, seq: 4 }]))).toBe(Math.sin(3));
    expect(latestValue(undefined)).toBeNull();
  });
});

describe('the window', () => {
  const steps = { from: 0, to: 1000 };
  const after = (...actions: ('zoom+' | 'zoom-' | 'pan+' | 'pan-' | 'whole')[]) => actions.reduce((drawing, action) => {
    const by = action.endsWith('-') ? -1 : 1;
    return reduceDrawing(drawing, action === 'whole' ? { type: 'whole' } : { type: action.startsWith('zoom') ? 'zoom' : 'pan', by }, steps);
  }, initialDrawing).window;

  it('follows the run when it is zoomed in', () => {
    const window = after('zoom+', 'zoom+')!;
    expect(windowRange(window, steps)).toEqual({ from: 750, to: 1000 });
    expect(windowRange(window, { from: 0, to: 1400 })).toEqual({ from: 1150, to: 1400 });
  });

  it('stays where it was moved to, and follows again at the end', () => {
    expect(windowRange(after('zoom+', 'zoom+', 'pan-')!, { from: 0, to: 5000 })).toEqual({ from: 688, to: 938 });
    expect(after('zoom+', 'zoom+', 'pan-', 'pan+', 'pan+')!.end).toBeNull();
    expect(windowRange(after('zoom+', ...Array<'pan-'>(20).fill('pan-'))!, steps)).toEqual({ from: 0, to: 500 });
  });

  it('is the whole again when it is zoomed out', () => {
    expect(after('zoom+', 'zoom-')).toBeNull();
    expect(after('zoom+', 'zoom+', 'pan-', 'whole')).toBeNull();
    expect(after('pan-')).toBeNull();
  });
});
