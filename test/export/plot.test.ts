import { describe, expect, it } from 'vitest';
import { lossPlot, plottedRun } from '../../src/export/plot.js';

const run = (name: string, train: readonly number[], evaluation: readonly number[] = []) => ({ name, train: train.map((value, i) => ({ step: i + 1, value })), eval: evaluation.map((value, i) => ({ step: 2 * (i + 1), value })) });

describe('lossPlot', () => {
  it('puts every point where its ticks say', () => {
    const picture = lossPlot([run('one', [4, 3, 2, 1], [4, 2])])!;
    // Losses from 1 to 4, in ticks of 1 (top 48, bottom 376); updates from 0 to 4.
    expect(picture).toContain('points="244,48 424,157.3 604,266.7 784,376"');
    expect(picture).toContain('points="424,48 784,266.7"');
    expect(picture).toContain('prefers-color-scheme: dark');
  });

  it('is XML whatever a run is called', () => {
    const picture = lossPlot([run('a<b>&"c"\u0007', [1, 2]), run('second', [2, 1])])!;
    expect(picture).toContain('a&lt;b&gt;&amp;&quot;c&quot; :');
    expect(picture).not.toContain('<b>');
  });

  it('draws a loss that stands still, and nothing of a single point', () => {
    expect(lossPlot([run('flat', [2, 2, 2])])).not.toContain('NaN');
    expect(lossPlot([run('short', [2], [2])])).toBeNull();
  });

  it('takes means of neighbours where a curve is long, and leaves out what is not a number', () => {
    const asked: number[] = [];
    const source = { pointCount: () => 8000, stretches: (_: string, { points }: { points: number }) => (asked.push(points), [{ last: 10, mean: 1 }, { last: 20, mean: Number.NaN }]) };
    expect(plottedRun(source, { id: 'x', name: 'n' }).train).toEqual([{ step: 10, value: 1 }]);
    expect(asked[0]).toBe(10);
  });
});
