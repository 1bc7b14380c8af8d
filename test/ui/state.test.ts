import { describe, expect, it } from 'vitest';
import { knobs } from '../../src/config/limits.js';
import { presets } from '../../src/config/presets.js';
import { valueAt, withValue } from '../../src/ui/screens/new-run/draft.js';
import type { Draft } from '../../src/ui/screens/new-run/draft.js';
import { parseExperiment } from '../../src/config/parse.js';
import { knobSections, showValue, typedValue } from '../../src/ui/screens/new-run/knob.js';
import { formLayout } from '../../src/ui/screens/new-run/layout.js';
import { initialDetail } from '../../src/ui/screens/new-run/detail.js';
import { fileLines } from '../../src/ui/screens/new-run/file-lines.js';
import { reduceNewRun } from '../../src/ui/screens/new-run/reduce.js';
import type { NewRunAction } from '../../src/ui/screens/new-run/reduce.js';
import { blockingProblem, currentKnob, dataKey, initialNewRun, shownKnobs } from '../../src/ui/screens/new-run/state.js';
import type { NewRunState } from '../../src/ui/screens/new-run/state.js';
import { visibleRuns } from '../../src/ui/screens/runs/state.js';
import { addNews, remainingSeconds } from '../../src/ui/run-data.js';
import { noCurve } from '../../src/ui/screens/live/lines.js';
import type { RunNews } from '../../src/ui/run-data.js';
import { fieldOf, fieldWindow, reduceField, selectedField } from '../../src/ui/widgets/field.js';
import { fuzzyRows } from '../../src/ui/format/fuzzy.js';
import { emptyList, reduceList, windowStart } from '../../src/ui/widgets/list.js';
import { makeTheme } from '../../src/ui/theme.js';
import { experiment, sampleDatasets, sampleModels } from './samples.js';
import type { RunRecord } from '../../src/store/rows.js';

function knob(key: string) {
  return knobs.find((each) => each.key === key)!;
}

describe('knobs', () => {
  it('take what is typed or say what they expect', () => {
    expect(typedValue(knob('lora.r'), '16')).toEqual({ value: 16 });
    expect(typedValue(knob('lora.r'), '0')).toEqual({ error: 'must be a whole number of at least 1' });
    expect(typedValue(knob('lora.r'), '1.5')).toHaveProperty('error');
    expect(typedValue(knob('train.learning_rate'), '3e-4')).toEqual({ value: 3e-4 });
    expect(typedValue(knob('lora.lora_dropout'), '1')).toHaveProperty('error');
    expect(typedValue(knob('train.save_total_limit'), '')).toEqual({ value: null });
    expect(typedValue(knob('lora.target_modules'), 'q_proj, v_proj')).toEqual({ value: ['q_proj', 'v_proj'] });
    expect(typedValue(knob('lora.target_modules'), '.*(q|v)_proj')).toEqual({ value: '.*(q|v)_proj' });
    expect(typedValue(knob('lora.exclude_modules'), '.*1.mlp.*')).toEqual({ value: '.*1.mlp.*' });
    expect(typedValue(knob('lora.layers_to_transform'), '0 | 3')).toEqual({ value: [0, 3] });
    expect(typedValue(knob('lora.rank_pattern'), 'q_proj: 16, v_proj: 4')).toEqual({ value: { q_proj: 16, v_proj: 4 } });
    expect(typedValue(knob('sample.prompts'), 'Once upon | The film')).toEqual({ value: ['Once upon', 'The film'] });
    expect(typedValue(knob('dataset.mix'), '{path: a.jsonl, weight: 0.5} | {name: zh}')).toEqual({ value: [{ path: 'a.jsonl', weight: 0.5 }, { name: 'zh' }] });
    expect(typedValue(knob('dataset.mix'), 'a.jsonl')).toHaveProperty('error');
    expect(showValue(parseExperiment({ model: 'm', dataset: { path: 'd', mix: [{ path: 'a.jsonl', weight: 0.5 }, { name: 'zh' }] } }).dataset.mix)).toBe('{path: a.jsonl, weight: 0.5} | {name: zh}');
    expect(typedValue(knob('dataset.columns'), 'instruction: question, output: answer')).toEqual({ value: { instruction: 'question', output: 'answer' } });
    expect(typedValue(knob('dataset.columns'), 'instruction')).toHaveProperty('error');
  });

  it('take back what they show', () => {
    const draft = experiment({ sample: { prompts: ['a b', 'c'] }, train: { learning_rate: 3e-5 } });
    for (const each of knobs) {
      const value = valueAt(draft, each.key);
      if (value !== null) expect(typedValue(each, showValue(value)), each.key).toEqual(showValue(value) === 'none' ? expect.anything() : { value });
    }
  });

  it('show those of the chosen tuning only, and lose none', () => {
    const shown = (finetuning: string, schedule = 'cosine') => knobSections(knobs, withValue(withValue(experiment(), 'finetuning', finetuning), 'train.lr_scheduler_type', schedule)).flatMap((section) => section.knobs.map(({ key }) => key));
    expect(shown('lora')).toContain('lora.r');
    expect(shown('lora')).not.toContain('freeze.num_trainable_layers');
    expect(shown('full').some((key) => key.startsWith('lora.'))).toBe(false);
    const ofSchedules = knob('train.lr_scheduler_type').choices.flatMap((schedule) => shown('full', schedule));
    expect(new Set([...shown('lora'), ...shown('freeze'), ...ofSchedules]).size).toBe(knobs.length - 2);
  });
});

describe('the form', () => {
  const { model, dataset, ...rest } = experiment();
  const blank = { ...rest, model: '', dataset: { ...dataset, path: '' } };

  function after(...actions: NewRunAction[]): NewRunState {
    return actions.reduce(reduceNewRun, reduceNewRun(initialNewRun, { type: 'ready', knobs, presets, draft: blank, defaults: blank }));
  }

  const found: NewRunAction[] = [{ type: 'models', models: sampleModels }, { type: 'datasets', datasets: sampleDatasets }];

  it('chooses the first model that works and the first dataset, with its format', () => {
    const { draft } = after(...found);
    expect(valueAt(draft, 'model')).toBe(model);
    expect(valueAt(draft, 'dataset.path')).toBe(sampleDatasets[0].path);
    expect(valueAt(draft, 'dataset.format')).toBe('classification');
  });

  it('keeps a chosen model that the search did not find', () => {
    const state = reduceNewRun({ ...after(), draft: withValue(blank, 'model', '/elsewhere/my-model') }, found[0]);
    expect(state.models?.[0]).toMatchObject({ path: '/elsewhere/my-model', name: 'my-model' });
    expect(valueAt(state.draft, 'model')).toBe('/elsewhere/my-model');
  });

  it('follows the cursor of a list, and undoes and redoes it', () => {
    const moved = after(...found, { type: 'model-list', action: { type: 'move', by: 1 } });
    expect(valueAt(moved.draft, 'model')).toBe(sampleModels[1].path);
    const undone = reduceNewRun(moved, { type: 'undo' });
    expect(valueAt(undone.draft, 'model')).toBe(sampleModels[0].path);
    expect(valueAt(reduceNewRun(undone, { type: 'redo' }).draft, 'model')).toBe(sampleModels[1].path);
  });

  const toRank: NewRunAction[] = [...found, { type: 'pane', by: 1 }, { type: 'pane', by: 1 }, { type: 'knob-move', by: 1 }];

  it('counts what is typed at once, and takes it back', () => {
    const typing = after(...toRank, { type: 'edit', text: '3' });
    expect(currentKnob(typing)?.key).toBe('lora.r');
    expect(valueAt(typing.draft, 'lora.r')).toBe(3);
    const more = reduceNewRun(typing, { type: 'edit-type', action: { type: 'insert', text: '2' } });
    expect(valueAt(more.draft, 'lora.r')).toBe(32);
    expect(valueAt(reduceNewRun(more, { type: 'edit-cancel' }).draft, 'lora.r')).toBe(8);
    const taken = reduceNewRun(more, { type: 'edit-accept' });
    expect(taken.editing).toBeNull();
    expect(valueAt(reduceNewRun(taken, { type: 'undo' }).draft, 'lora.r')).toBe(8);
  });

  it('says why a typed value is none and does not take it', () => {
    const typing = after(...toRank, { type: 'edit', text: '0' });
    expect(typing.editing?.error).toBe('must be a whole number of at least 1');
    expect(valueAt(typing.draft, 'lora.r')).toBe(8);
    expect(reduceNewRun(typing, { type: 'edit-accept' }).editing).not.toBeNull();
  });

  it('goes back to the default and from section to section', () => {
    const stepped = after(...toRank, { type: 'set', key: 'lora.r', value: 16 });
    expect(valueAt(stepped.draft, 'lora.r')).toBe(16);
    expect(valueAt(reduceNewRun(stepped, { type: 'reset' }).draft, 'lora.r')).toBe(8);
    const next = reduceNewRun(stepped, { type: 'section-move', by: 1 });
    expect(currentKnob(next)?.key).toBe('stage');
    expect(reduceNewRun(next, { type: 'section-move', by: -1 }).knobCursor).toBe(0);
    expect(shownKnobs(next).length).toBeGreaterThan(30);
  });

  it('fits the longest row to a model that has room for fewer tokens, unless it was set', () => {
    const [first, second] = sampleModels;
    const models = [first, { ...second, contextLength: 256 }];
    const down: NewRunAction = { type: 'model-list', action: { type: 'move', by: 1 } };
    const up: NewRunAction = { type: 'model-list', action: { type: 'move', by: -1 } };
    const lengthAfter = (...actions: NewRunAction[]) => valueAt(after({ type: 'models', models }, ...actions).draft, 'max_length');
    expect(lengthAfter(down)).toBe(256);
    expect(lengthAfter(down, up)).toBe(512);
    expect(lengthAfter({ type: 'set', key: 'max_length', value: 400 }, down)).toBe(400);
    const fromFile: NewRunAction = { type: 'load', name: 'a.yaml', draft: experiment({ model: second.path }) };
    expect(lengthAfter(fromFile)).toBe(256);
  });

  it('gives up the name it came with when model or data change, not one that was typed', () => {
    const named: NewRunAction = { type: 'load', name: 'demo.yaml', draft: experiment({ name: 'demo' }) };
    const other: NewRunAction = { type: 'dataset-list', action: { type: 'move', by: 1 } };
    expect(valueAt(after(...found, named, other).draft, 'name')).toBe(null);
    expect(valueAt(after(...found, named, { type: 'set', key: 'name', value: 'mine' }, other).draft, 'name')).toBe('mine');
  });

  it('forgets the entries, columns and tags of a dataset when another is taken', () => {
    const entry = { ...sampleDatasets[0], path: '/data/other.jsonl', guess: null };
    const mixed = { path: '/data/more.jsonl', format: 'alpaca' };
    const named: NewRunAction = { type: 'load', draft: experiment({ dataset: { path: '/data/folder', format: 'sharegpt', name: 'demo', columns: { messages: 'talk' }, tags: { role_tag: 'who' }, mix: [{ name: 'another' }, mixed] } }) };
    const { draft } = after(...found, named, { type: 'dataset-found', entry });
    expect(valueAt(draft, 'dataset')).toEqual({ ...dataset, path: '/data/other.jsonl', mix: experiment({ dataset: { path: 'x', mix: [mixed] } }).dataset.mix });
  });

  it('lists the model and dataset of what was loaded, the cursor on them', () => {
    const { models, datasets, modelList, datasetList } = after(...found, { type: 'load', draft: experiment({ model: '/m/mine', dataset: { path: '/d/mine.jsonl' } }) });
    expect([models?.[modelList.cursor].path, datasets?.[datasetList.cursor].path]).toEqual(['/m/mine', '/d/mine.jsonl']);
    expect([modelList.cursor, datasetList.cursor]).toEqual([0, 0]);
  });

  it('shows the whole of a long command, the end of its here-document too', () => {
    const yaml = Array.from({ length: 30 }, (_, i) => `key${i}: ${i}`).join('\n');
    const command = `workbench train /dev/stdin <<'END'\n${yaml}\nEND`;
    const texts = fileLines({ yaml, command }, { width: 60, glyphs: makeTheme({ color: true, unicode: true }).glyphs }).map((spans) => spans.map(({ text }) => text).join(''));
    expect(texts.slice(1, 33)).toEqual(command.split('\n'));
  });

  it('holds a start back while its data is broken', () => {
    const state = after(...found);
    const looked = (draft: Draft, broken: boolean) => blockingProblem(reduceNewRun(state, { type: 'looked', looked: { of: dataKey(draft), preview: null, problem: 'line 3 is not JSON', broken } }));
    expect(looked(state.draft, true)).toBe('line 3 is not JSON');
    expect(looked(state.draft, false)).toBe(null);
    expect(looked(withValue(state.draft, 'dataset.format', 'text'), true)).toBe(null);
  });

  it('gives the focus the room and never more than there is', () => {
    for (const pane of ['model', 'dataset', 'settings'] as const) {
      for (const [width, height] of [[72, 16], [80, 22], [120, 38], [200, 58]]) {
        const { left, costs, right, model: models, dataset: datasets, settings } = formLayout({ pane, models: sampleModels, datasets: sampleDatasets, editing: null, detail: initialDetail }, width, height);
        expect(left + costs + right).toBe(width);
        expect(models + datasets + settings).toBe(height);
        expect(Math.min(models, datasets, settings)).toBeGreaterThanOrEqual(3);
      }
    }
  });
});

describe('a field', () => {
  it('is edited at its caret', () => {
    const steps = [{ type: 'move', to: 'start' }, { type: 'insert', text: 'x' }, { type: 'move', to: 'right' }, { type: 'backspace' }, { type: 'move', to: 'end' }, { type: 'insert', text: '!' }] as const;
    expect(steps.reduce(reduceField, fieldOf('abc'))).toEqual({ text: 'xbc!', caret: 4 });
    expect(reduceField({ text: 'abc', caret: 2 }, { type: 'clear' })).toEqual({ text: 'c', caret: 0 });
  });

  it('is replaced by what is typed while it is selected, and kept by a move', () => {
    expect(reduceField(selectedField('/old'), { type: 'insert', text: '/' })).toEqual({ text: '/', caret: 1 });
    expect(reduceField(selectedField('/old'), { type: 'backspace' })).toEqual({ text: '', caret: 0 });
    expect(reduceField(selectedField('/old'), { type: 'move', to: 'end' })).toEqual({ text: '/old', caret: 4 });
  });

  it('shows the part around the caret', () => {
    const { before, at, after } = fieldWindow(fieldOf('abcdefghij'), 5);
    expect([before, at, after]).toEqual(['ghij', ' ', '']);
  });
});

describe('a list', () => {
  it('stays within its rows', () => {
    expect(reduceList(emptyList, { type: 'move', by: -1 }, 3).cursor).toBe(0);
    expect(reduceList(emptyList, { type: 'move', by: 10 }, 3).cursor).toBe(2);
    expect(reduceList(emptyList, { type: 'bottom' }, 0).cursor).toBe(0);
  });

  it('keeps its cursor in the window', () => {
    for (let cursor = 0; cursor < 30; cursor++) {
      const start = windowStart(cursor, 30, 7);
      expect(cursor).toBeGreaterThanOrEqual(start);
      expect(cursor).toBeLessThan(start + 7);
    }
    expect(windowStart(0, 3, 7)).toBe(0);
  });
});

describe('runs', () => {
  const run = (changes: Partial<RunRecord>): RunRecord => ({
    id: 'a', name: 'a', state: 'running', reason: null, created_at: '2026-01-01T00:00:00Z', started_at: null, ended_at: null, worked_seconds: null, working_since: null, config: experiment(), engine: null, trainable_parameters: null, total_parameters: null,
    step: 10, total_steps: 110, epoch: null, tokens_seen: null, tokens_per_second: null, train_loss: null, eval_loss: null, perplexity: null, best_eval_loss: null, accuracy: null, peak_memory_bytes: null,
    estimated_memory_bytes: null, checkpoints: [], resumed_from: null, output: null, parent: null, tags: [], note: '', archived: false, ...changes,
  });

  it('sort with the lowest loss first and those without last', () => {
    const runs = [run({ id: 'none' }), run({ id: 'high', eval_loss: 2 }), run({ id: 'low', eval_loss: 1 })];
    expect(visibleRuns(runs, { list: emptyList, sort: 'eval loss', reverse: false }).map(({ id }) => id)).toEqual(['low', 'high', 'none']);
    expect(visibleRuns(runs, { list: emptyList, sort: 'eval loss', reverse: true }).map(({ id }) => id)).toEqual(['high', 'low', 'none']);
  });

  const news = (record: RunRecord, ...steps: number[]): RunNews => {
    const stretches = steps.map((step) => ({ first: step, last: step, time: step * 2000, seq: step, points: 1, finite: 1, low: step, high: step, mean: step }));
    return { record, curves: { loss: { points: 1, stretches } }, complete: true, happened: [], cursor: 0, ahead: null };
  };

  it('are the same while nothing is new, so that nothing is drawn again', () => {
    const first = addNews(null, news(run({}), 1, 2));
    expect(addNews(first, { ...news(run({})), curves: first.curves })).toBe(first);
    expect(addNews(first, { ...news(run({ step: 11 })), curves: first.curves })).not.toBe(first);
  });

  it('forget the samples of a part that a resume went back behind', () => {
    const row = (type: string, step: number, details = {}) => ({ type, step, details, time: new Date(step).toISOString() });
    const first = addNews(null, { ...news(run({})), happened: [row('started', 0), row('sample', 5, { prompt: 'p', text: 'old' }), row('sample', 9, { prompt: 'p', text: 'gone' })] });
    const resumed = addNews(first, { ...news(run({})), happened: [row('started', 5), row('sample', 9, { prompt: 'p', text: 'new' }), row('warning', 9, { message: 'hm' })] });
    expect(resumed.samples.map(({ text }) => text)).toEqual(['old', 'new']);
    expect(resumed.warnings).toEqual(['hm']);
    expect(addNews(resumed, news(run({ id: 'b' }))).samples).toEqual([]);
  });

  it('say in place of a curve how far their rows are tokenised, until there is something else to say', () => {
    const row = (type: string, details = {}) => ({ type, step: null, details, time: '2026-01-01T00:00:00Z' });
    const preparing = addNews(null, { ...news(run({})), happened: [row('preparing', { bytes: 250, total_bytes: 1000, remaining_time: 9 })] });
    expect(noCurve(preparing)).toBe('25.0% of 1.00 kB is tokenised, 9.0s left; what is, is kept for later runs.');
    expect(noCurve(addNews(preparing, { ...news(run({})), happened: [row('started')] }))).toContain('The first step is on its way');
    expect(noCurve(addNews(preparing, news(run({ state: 'failed' }))))).toBe('This run logged no step.');
  });

  it('predict their end from the pace of the last steps', () => {
    expect(remainingSeconds(addNews(null, news(run({}), 1, 5, 10)))).toBe(200);
    expect(remainingSeconds(addNews(null, news(run({ state: 'completed' }), 1, 5, 10)))).toBeNull();
    expect(remainingSeconds(addNews(null, news(run({}), 1)))).toBeNull();
  });

  it('leave out of the pace what was before they went on', () => {
    const resumed = { type: 'resumed', step: 5, details: { checkpoint: null }, time: new Date(9_000).toISOString() };
    expect(remainingSeconds(addNews(null, { ...news(run({}), 1, 5, 10), happened: [resumed] }))).toBe(200);
    expect(remainingSeconds(addNews(null, { ...news(run({}), 1, 5), happened: [{ ...resumed, time: new Date(11_000).toISOString() }] }))).toBeNull();
  });
});

describe('a fuzzy search', () => {
  const found = (query: string, rows: readonly string[]) => fuzzyRows(rows, query, String);

  it('wants every word, in any case and order, and leaves rows as they are where nothing is asked', () => {
    expect(found('llama TINY', ['Tiny GPT2', 'tiny llama', 'big llama'])).toEqual(['tiny llama']);
    expect(found(' ', ['b', 'a'])).toEqual(['b', 'a']);
    expect(found('x', ['abc'])).toEqual([]);
  });

  it('takes letters in their order: first what begins so, then words that do, then what is written so anywhere', () => {
    expect(found('gpt', ['g-p-t', 'a-gpt2', 'xgpt', 'gpt2'])).toEqual(['gpt2', 'a-gpt2', 'xgpt', 'g-p-t']);
    expect(found('rank', ['train.group_by_length: make', 'lora.r: rank of the update'])).toEqual(['lora.r: rank of the update']);
    expect(found('模型', ['小模型', '数据'])).toEqual(['小模型']);
  });

  it('does not call letters a match that are strewn over a path', () => {
    expect(found('rt', [`r${'-'.repeat(40)}t`])).toEqual([]);
  });
});
