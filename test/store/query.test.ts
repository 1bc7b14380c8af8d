import { describe, expect, it } from 'vitest';
import { withValues } from '../../src/config/keys.js';
import { filterRuns, sortRuns } from '../../src/store/query.js';
import { experiment, runRecord } from '../cli/samples.js';

const runs = [
  runRecord({ id: 'a1', name: 'tiny stories', tags: ['baseline'], eval_loss: 1.9 }),
  runRecord({ id: 'b2', name: 'wide', state: 'failed', eval_loss: null, config: withValues(experiment, { 'lora.r': 64 }) }),
  runRecord({ id: 'c3', name: 'narrow', note: 'for debug', eval_loss: 2.2, config: withValues(experiment, { 'lora.r': 8, 'train.learning_rate': 1e-3 }) }),
];

describe('filterRuns', () => {
  it.each([
    ['', 'a1 b2 c3'],
    ['state:completed', 'a1 c3'],
    ['state=fail', ''],
    ['lora.r>=16', 'a1 b2'],
    ['cfg.train.learning_rate>=1e-3', 'c3'],
    ['eval_loss<2', 'a1'],
    ['-eval_loss<2', 'b2 c3'],
    ['tag:baseline', 'a1'],
    ['-tag:baseline', 'b2 c3'],
    ['tag:base', ''],
    ['-debug', 'a1 b2'],
    ['"tiny stories"', 'a1'],
    ['tiny narrow', ''],
    ['ROWS.JSONL', 'a1 b2 c3'],
    ['lora.r>=16 state:completed', 'a1'],
    ['created>=2026-01-02', ''],
    ['note=">8"', ''],
  ])('%s', (query, found) => expect(filterRuns(runs, query).map(({ id }) => id).join(' ')).toBe(found));

  it.each([
    ['lora.rank>8', 'did you mean `lora.r`?'],
    ['eval_los<2', 'did you mean `eval_loss`?'],
    ['learning_rate<1', 'did you mean `train.learning_rate`?'],
    ['nonsense=1', 'use a column'],
    ['lora.r>>8', 'there is no operator >>'],
    ['eval_loss=<2', 'there is no operator =<'],
    ['-eval_loss==2', 'there is no operator =='],
    ['loss<low', 'loss is a number: "low" cannot be compared with it'],
    ['train.learning_rate>=', 'train.learning_rate is a number'],
  ])('%s names what there is', (query, hint) => expect(() => filterRuns(runs, query)).toThrow(hint));
});

describe('sortRuns', () => {
  it.each([
    ['eval_loss', 'a1 c3 b2'],
    ['-eval_loss', 'c3 a1 b2'],
    ['lora.r', 'c3 a1 b2'],
    ['-name', 'b2 a1 c3'],
  ])('%s', (key, order) => expect(sortRuns(runs, key).map(({ id }) => id).join(' ')).toBe(order));
});
