import { describe, expect, it } from 'vitest';
import { dataLines, tokenLines, type DataReport } from '../../../src/cli/view/data.js';
import { doctorLines } from '../../../src/cli/view/doctor.js';
import { estimateLines } from '../../../src/cli/view/estimate.js';
import type { PreviewToken } from '../../../src/data/look/preview.js';
import { sampleFindings as healthy } from '../../ui/samples.js';
import { plain } from '../samples.js';

const tokens = (words: string): PreviewToken[] => words.split(' ').map((word, id) => ({ id, text: word.replace('*', ''), trained: word.startsWith('*') }));

describe('data', () => {
  it('marks what is learned, token by token', () => {
    expect(tokenLines(tokens('_The _film *_good *</s>'), { width: 80, style: plain })).toEqual(['  _The|_film|«_good|</s>»']);
    expect(tokenLines(tokens('a *b c *d'), { width: 80, style: plain })).toEqual(['  a|«b»|c|«d»']);
  });

  it('paints it too where there is colour', () => {
    const [line] = tokenLines(tokens('a *b'), { width: 80, style: { ...plain, paint: (text, tone) => `<${tone}>${text}` } });
    expect(line).toBe('  <plain>a<muted>|<accent>«b»<muted>');
  });

  it('breaks between tokens, at the width', () => {
    const lines = tokenLines(tokens('aaaa bbbb cccc dddd'), { width: 12, style: plain });
    expect(lines).toEqual(['  aaaa|bbbb|', '  cccc|dddd']);
  });

  const report: DataReport = {
    train_rows: 3, eval_rows: 1, tokens: 24, label_tokens: 6, max_length: 10,
    lengths: { buckets: [{ from: 1, to: 8, rows: 2 }, { from: 9, to: 16, rows: 1 }, { from: 17, to: 24, rows: 0 }], mean: 8, longest: 12, cut: 1 },
    rows: [{ row: 1, file: '/data/a.jsonl', line: 4, last_line: 4, text: 'a b', tokens: tokens('a *b'), fullLength: 12 }],
    rejected: [{ file: 'rows.jsonl', line: 7, reason: 'no column output' }], rejected_count: 1,
    sets: [{ path: '/data/rows.jsonl', read: 40, dropped: { contains: 25, duplicate: 5 }, rows: 10 }],
  };

  it('tells counts, cut rows, lengths and what was left out with its line', () => {
    const lines = dataLines(report, { width: 80, style: plain });
    expect(lines).toContain('tokens    24, of which 6 are learned (25.0%)');
    expect(lines).toContain('cut       1 row is longer than max_length 10');
    expect(lines).toContain('kept      the filter keeps 25.0% of 40 rows (left out: 25 by contains, 5 by duplicate)');
    expect(lines).toContain('row 1 (a.jsonl:4): 2 tokens, cut from 12, 1 learned');
    expect(lines).toContain(`   1– 8  ${'█'.repeat(40)} 2`);
    expect(lines.join('\n')).not.toContain('17–24');
    expect(lines).toContain(`   9–16  ${'█'.repeat(20)} 1`);
    expect(lines.at(-1)).toBe('  rows.jsonl:7: no column output');
  });
});

describe('estimate', () => {
  it('adds up the parts and says whether it fits', () => {
    const lines = estimateLines(
      {
        total_parameters: 1e6, trainable_parameters: 1e4, effective_batch: 16, steps: 200, steps_per_epoch: 100, tokens_per_step: 2048, train_rows: 1600, eval_rows: 0, cut_rows: 160, tokens_per_epoch: 64_000, labels_per_epoch: 16_000, padding: { share: 0.04, padded: 0.43 }, based_on: 'rows', flops_per_step: 2.5e12, precision: 'f32', gradient_checkpointing: false,
        memory: { weights: 4e6, trainable: 4e4, gradients: 4e4, optimizer: 8e4, activations: 40e6, runtime: 2e8 },
        memory_bytes: 244.2e6, available_memory_bytes: 2e8, fits: false, warnings: ['lora_alpha / r is 0.1'],
      },
      plain,
    );
    expect(lines).toContain('parameters            10,000 of 1,000,000 trained (1.0%)');
    expect(lines).toContain('rows                  1,600 to train on, 0 held out; 160 cut at max_length');
    expect(lines).toContain('tokens an epoch       64,000, of which 16,000 are learned (25.0%)');
    expect(lines).toContain('padding               4.0% of the tokens that are computed; 43.0% with a row for each');
    expect(lines).toContain('work an update        2.50 TFLOP');
    expect(lines).toContain('memory                244 MB of 200 MB available: does not fit');
    expect(lines).toContain(`  program               200 MB  ${'█'.repeat(25)}`);
    expect(lines.at(-1)).toBe('warning: lora_alpha / r is 0.1');
  });
});

describe('doctor', () => {
  it('says what works, what does not, and what to do', () => {
    const lines = doctorLines(healthy, plain);
    expect(lines).toContain('  ok    80x24, TERM=xterm-256color');
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}ok {4}\/home\/w, 1 run, 120 MB, whole as of [-\d]+ [:\d]+ UTC$/));
    expect(lines).toContain('  ok    onnx on cpu: ONNX Runtime');
    const cuda = lines.indexOf('  no    onnx on cuda: no provider');
    expect(lines[cuda + 1]).toBe('        Install it.');
    expect(lines).toContain('  ok    it answers after 42 ms, over SSH');
    expect(lines).toContain('  ok    1 backup, the newest of 2026-01-01 10:00 UTC (workbench.db.daily-1.backup, 110 MB)');
    expect(lines).toContain('  ok    tokens: 5.00 MB in /home/w/cache/tokens');
  });

  it('keeps to the width', () => {
    const wide = { ...healthy, models: { paths: Array.from({ length: 6 }, (_, i) => `/a/folder/of/models/${i}`), usable: 1 } };
    const lines = doctorLines(wide, plain, 50);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain('/a/folder/of/models/4, /a/folder/of/models/5');
  });

  it('names a store that cannot be opened and a terminal that is too small', () => {
    const lines = doctorLines({ ...healthy, terminal: { ...healthy.terminal, rows: 20 }, store: { ...healthy.store, runs: null, problems: ['the store is damaged'] } }, plain);
    expect(lines).toContain('  note  80x20, TERM=xterm-256color');
    expect(lines).toContain('  no    the store is damaged');
    expect(lines.join('\n')).not.toContain('/home/w, ');
  });

  it('asks no terminal of a pipe', () => {
    expect(doctorLines({ ...healthy, terminal: { ...healthy.terminal, interactive: false, rows: null } }, plain)).toContain('  note  stdout is not a terminal (TERM=xterm-256color)');
  });
});
