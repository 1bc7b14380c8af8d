import { describe, expect, it } from 'vitest';
import { differenceTable, endTable } from '../../../src/cli/view/compare.js';
import { configDifferences } from '../../../src/ui/screens/compare/settings.js';
import { chartText, seriesOf } from '../../../src/cli/view/chart.js';
import { metricLines } from '../../../src/cli/view/metrics.js';
import { overlay } from '../../../src/cli/view/overlay.js';
import { runFacts, settingsLines } from '../../../src/cli/view/run.js';
import { runsTable } from '../../../src/cli/view/runs.js';
import { table } from '../../../src/cli/view/table.js';
import { withValues } from '../../../src/config/keys.js';
import type { MetricPoint } from '../../../src/store/rows.js';
import { experiment, plain, runRecord } from '../samples.js';

const now = Date.parse('2026-01-01T12:00:00Z');

function curve(key: string, values: readonly number[]): MetricPoint[] {
  return values.map((value, i) => ({ step: i + 1, time: '2026-01-01T10:00:00.000Z', key, value }));
}

describe('table', () => {
  it('aligns by what is seen, sets numbers right, and leaves out columns with nothing in them', () => {
    const rows = [{ name: '模型', size: '7' }, { name: 'long name', size: '1234' }];
    const columns = [
      { title: 'name', value: (row: (typeof rows)[number]) => row.name },
      { title: 'size', value: (row: (typeof rows)[number]) => row.size, right: true },
      { title: 'none', value: () => '' },
    ];
    expect(table(columns, rows, { style: plain })).toEqual(['name       size', '模型          7', 'long name  1234']);
  });

  it('leaves out spare columns where it is too wide, the last first', () => {
    const column = (title: string, spare = false) => ({ title, value: () => title, spare });
    const columns = [column('aaaa'), column('bbbb', true), column('cccc'), column('dddd', true)];
    const header = (width: number) => table(columns, ['row'], { style: plain, width })[0];
    expect([22, 21, 15, 3].map(header)).toEqual(['aaaa  bbbb  cccc  dddd', 'aaaa  bbbb  cccc', 'aaaa  cccc', 'aaaa  cccc']);
  });

  it('shortens names in the middle before it leaves out others, and further when that is not enough', () => {
    const name = 'a-name-that-goes-on-and-on-and-on-2';
    const columns = [{ title: 'name', value: (row: string) => row, shrink: true }, { title: 'bbbb', value: () => 'bbbb', spare: true }];
    const line = (width: number) => table(columns, [name], { style: plain, width })[1];
    expect(line(41)).toBe(`${name}  bbbb`);
    for (const width of [40, 30, 26, 20, 12, 8]) {
      expect(line(width).length).toBeLessThanOrEqual(width);
      expect(line(width)).toMatch(/^a-.*….*-2( {2}bbbb)?$/);
    }
    expect([line(26), line(25)].map((text) => text.endsWith('bbbb'))).toEqual([true, false]);
  });

  it('lets no escape sequence of a cell through', () => {
    expect(table([{ title: 'a', value: (row: string) => row }], ['x\u001b[2Jy'], { style: plain })[1]).toBe('xy');
  });
});

describe('runs and one run', () => {
  it('lists what applies', () => {
    const lines = runsTable([runRecord({ tags: ['base'] }), runRecord({ id: '2xyz', name: 'second', state: 'queued', started_at: null, ended_at: null, worked_seconds: null, total_steps: null, train_loss: null, eval_loss: null, tokens_per_second: null })], { now, style: plain });
    expect(lines).toEqual([
      'id    name    state         step   loss   eval  tok/s    took     created  tags',
      '1abc  first   completed  100/100  1.250  1.500    812  3m 05s  2h 00m ago  base',
      '2xyz  second  queued                                           2h 00m ago',
    ]);
  });

  it('marks what can go on from a whole checkpoint', () => {
    const cut = (valid: boolean) => runRecord({ state: 'crashed', checkpoints: [{ step: 5, path: 'c', valid }] });
    const states = runsTable([cut(true), cut(false), runRecord({ state: 'stopped', checkpoints: [] }), runRecord({ checkpoints: [{ step: 5, path: 'c', valid: true }] })], { now, style: plain }).map((line) => line.slice(13, 24).trim());
    expect(states).toEqual(['state', `crashed ${plain.glyphs.right}`, 'crashed', 'stopped', 'completed']);
  });

  it('tells a run in facts, without those that do not apply', () => {
    const lines = runFacts(runRecord({ state: 'failed', reason: 'out of memory', note: 'again' }), { now, style: plain });
    expect(lines).toContain('state        failed: out of memory');
    expect(lines).toContain('eval loss    1.500, perplexity 4.482, best 1.400');
    expect(lines).toContain('memory       312 MB at its peak, 300 MB estimated');
    expect(lines).toContain('note         again');
    expect(lines.join('\n')).not.toMatch(/accuracy|tags|resumed/);
  });

  it('shows only the settings that are not the defaults', () => {
    expect(settingsLines(experiment, plain)).toEqual(['model         base', 'dataset.path  rows.jsonl', 'lora.r        16']);
  });
});

describe('compare', () => {
  const configs = [experiment, withValues(experiment, { 'lora.r': 8, 'lora.target_modules': ['q_proj'] })];

  it('finds the keys that differ, by letter', () => {
    expect(differenceTable(configDifferences(configs.map((config) => ({ config }))), 2, { style: plain })).toEqual(['key                  A     B', 'lora.r               16    8', 'lora.target_modules  auto  ["q_proj"]']);
    expect(differenceTable(configDifferences([{ config: experiment }, { config: experiment }]), 2, { style: plain })).toEqual(['The configurations are the same.']);
  });

  it('puts the ends side by side', () => {
    expect(endTable([runRecord(), runRecord({ id: '2xyz', eval_loss: 1.3, best_eval_loss: 1.3 })], { now, style: plain })[2]).toMatch(/^B {2}first {2}2xyz {2}completed {3}100 {2}1\.250 {2}1\.300 {6}1\.300/);
  });

  it('draws each run with its letter: the lower loss lower', () => {
    const lines = overlay([curve('loss', [4, 3, 2]), curve('loss', [4, 2, 1])].map((points) => seriesOf(points, 'loss')), { width: 60, style: plain });
    expect(lines.at(-2)).toMatch(/^ +1\.000 ┤ +B+$/);
    expect(lines.slice(1, -1).findIndex((line) => line.includes('A'))).toBeLessThan(lines.slice(1, -1).findLastIndex((line) => line.includes('B')));
    expect(lines.at(-1)).toMatch(/^ +1 +3$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('draws nothing of runs that said nothing', () => {
    expect(overlay([seriesOf([], 'loss')], { width: 60, style: plain })).toEqual([]);
  });
});

describe('metrics', () => {
  const points = [...curve('loss', [4, 3, 2.5]), ...curve('eval_loss', [3.5]).map((point) => ({ ...point, step: 3 }))];

  it('is a line a step and a column a key', () => {
    expect(metricLines(points, plain)).toEqual(['step   loss  eval_loss', '   1      4', '   2      3', '   3  2.500      3.500']);
  });

  it('draws the loss with a legend, within the width', () => {
    const lines = chartText(points, { width: 60, style: plain });
    expect(lines[0]).toBe('loss by step: training, evaluation •');
    expect(lines.join('\n')).toContain('•');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(chartText(points.slice(0, 1), { width: 60, style: plain })).toEqual([]);
  });
});
