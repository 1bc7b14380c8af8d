/** `workbench eval` on a model folder: what it says of weights, rows and answers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluationLines, type EvaluationReport } from '../../src/cli/view/evaluation.js';
import { parseExperiment } from '../../src/config/parse.js';
import { plain } from './samples.js';
import { repository, Workplace } from './workbench.js';

const place = new Workplace();
afterAll(() => place.remove());
const model = join(repository, 'experiments', 'demo', 'model');
const rows = join(place.folder, 'rows.jsonl');
writeFileSync(rows, ['The film was', 'Nobody liked the long second half, and it was'].map((prompt) => `${JSON.stringify({ prompt, completion: ' good and long' })}\n`).join(''));
const evaluated = (...options: string[]) => place.here('eval', model, '--dataset', rows, '--format', 'prompt-completion', ...options);

describe('eval', () => {
  it('lets a model answer its rows, and keeps the answers', async () => {
    const out = join(place.folder, 'answers');
    const { code, stdout } = await evaluated('--generate', '--out', out, '--max-new-tokens', '4', '--json');
    expect(code).toBe(0);
    const file = join(out, 'generated_predictions.jsonl');
    expect(JSON.parse(stdout)).toMatchObject({
      weights: { kind: 'folder', path: model, step: null }, dataset: rows, split: 'all', rows: 2,
      answers: { rows: 2, file, rouge1: expect.any(Number) as number, rouge2: expect.any(Number) as number, rougeL: expect.any(Number) as number, bleu: expect.any(Number) as number, exact_match: expect.any(Number) as number },
    });
    const answers = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as object);
    expect(answers).toMatchObject([{ prompt: expect.stringContaining('The film was') as string, label: 'good and long', predict: expect.any(String) as string }, { label: 'good and long' }]);

    // A model by its name, rows by their columns; and what was answered before stays.
    const again = await place.here('eval', 'model', '--dataset', rows, '--generate', '--out', out, '--max-new-tokens', '1', '--json');
    expect(again).toMatchObject({ code: 0, stderr: 'workbench: by their columns, these are rows of format prompt-completion; --format names another\n' });
    expect(JSON.parse(again.stdout)).toMatchObject({ model, answers: { file: join(out, 'generated_predictions-2.jsonl') } });
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });

  it('takes no options of answers without them, and answers no running text', async () => {
    expect(await evaluated('--max-samples', '2')).toMatchObject({ code: 2, stderr: expect.stringContaining('add --generate') as string });
    const out = join(place.folder, 'none');
    const text = await place.here('eval', model, '--dataset', rows, '--format', 'text', '--set', 'dataset.columns={text: prompt}', '--generate', '--out', out);
    expect(text).toMatchObject({ code: 2, stderr: expect.stringContaining('--generate answers rows of a prompt and an answer, and those of format text have none') as string });
    expect(existsSync(join(out, 'generated_predictions.jsonl'))).toBe(false);
  });
});

describe('its report', () => {
  const report: EvaluationReport = {
    loss: 0.5, perplexity: 1.6487, accuracy: null, rows: 1200, tokens: 3400, sets: [],
    weights: { kind: 'learned', path: '/runs/1/adapter', step: 200, best_by: null }, run: { total_steps: 200, metric: 'eval_loss', best_step: 150 }, source: { split: 'held-out', paths: ['/data/rows.jsonl', '/data/more.jsonl'] },
    answers: { rouge1: 44.1649, rouge2: 21.5, rougeL: 30, bleu: 12.345, exact_match: 7.25, rows: 100, file: '/here/generated_predictions.jsonl' },
  };
  const experiment = parseExperiment({ model: 'base', dataset: { path: 'rows.jsonl', val_size: 0.1 } });
  const lines = (change: Partial<EvaluationReport> = {}) => evaluationLines({ ...report, ...change }, experiment, plain);

  it('says which weights and which rows', () => {
    expect(lines()).toContain('weights       after update 200 of 200 (its lowest eval loss was after 150)');
    expect(lines({ run: { total_steps: 200, metric: 'accuracy', best_step: 100 } })).toContain('weights       after update 200 of 200 (its best accuracy was after 100)');
    expect(lines()).toContain('rows          1,200: those held out of rows.jsonl, more.jsonl (val_size 0.1, seed 42)');
    expect(lines({ weights: { kind: 'checkpoint', path: '/c', step: 150, best_by: null }, source: { split: 'test', paths: ['/data/reviews'] } }).slice(0, 2)).toEqual(['weights       after update 150 of 200, its newest checkpoint (its lowest eval loss)', 'rows          1,200: the test split of reviews']);
    expect(lines({ weights: { kind: 'learned', path: '/a', step: 150, best_by: 'rougeL' } })[0]).toBe('weights       after update 150 of 200, the best by rougeL');
    expect(lines({ weights: { kind: 'base', path: '/models/base', step: 0, best_by: null } })[0]).toBe('weights       the base it began with, /models/base');
    expect(lines({ weights: { kind: 'learned', path: '/a', step: null, best_by: null } })[0]).toBe('weights       its output, which is older than its last updates');
    expect(lines({ weights: { kind: 'folder', path: '/models/base', step: null, best_by: null }, run: null })[0]).toBe('weights       /models/base');
  });

  it('has the scores of answers as papers write them', () => {
    for (const line of ['ROUGE-1       44.16', 'BLEU-4        12.35', 'exact         7.3%', 'answers       100 rows, in /here/generated_predictions.jsonl']) expect(lines()).toContain(line);
    expect(lines({ answers: null }).join('\n')).not.toMatch(/ROUGE|answers/);
  });
});
