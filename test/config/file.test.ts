import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffExperiments, flatten } from '../../src/config/diff.js';
import { parseValue } from '../../src/config/assignment.js';
import { readExperiment, runName, writeExperiment } from '../../src/config/file.js';
import { homeFolder, modelSearchPaths } from '../../src/config/home.js';
import { withValues } from '../../src/config/keys.js';
import { knobs } from '../../src/config/limits.js';
import { parseExperiment } from '../../src/config/parse.js';
import { presets } from '../../src/config/presets.js';
import { isMeantBy, scheduleOptions } from '../../src/config/schedules.js';
import { stepValue } from '../../src/config/steps.js';

const least = { model: 'm', dataset: { path: 'd.jsonl' } };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-config-'));
  mkdirSync(join(folder, 'models', 'tiny'), { recursive: true });
});
afterAll(() => { rmSync(folder, { recursive: true }); });

function file(text: string, name = 'e.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('reading a file', () => {
  it('resolves its paths against its folder, and those of --set against the working folder', () => {
    const path = file('model: models/tiny\ndataset:\n  path: ../d.jsonl\n  eval: e.jsonl\n');
    expect(readExperiment(path).experiment).toMatchObject({ model: join(folder, 'models/tiny'), dataset: { path: join(folder, '../d.jsonl'), eval: join(folder, 'e.jsonl') } });
    expect(readExperiment(path, { set: ['dataset.path=x.csv'] }).experiment.dataset.path).toBe(join(process.cwd(), 'x.csv'));
    expect(readExperiment(path).folder).toBe(folder);
  });

  it('leaves a model that is no folder here as the name it may be', () => {
    expect(readExperiment(file('model: org/name\ndataset: { path: d }')).experiment.model).toBe('org/name');
    expect(readExperiment(file('model: ./org/name\ndataset: { path: d }')).experiment.model).toBe(join(folder, 'org/name'));
    expect(readExperiment(file('model: ~/name\ndataset: { path: d }')).experiment.model).toBe(join(process.env.HOME!, 'name'));
  });

  it('sets dotted keys as YAML, in order, before anything is checked', () => {
    const path = file('model: m\ndataset: { path: d }\nlora: { r: 0 }\n');
    const { experiment } = readExperiment(path, { set: ['lora.r=4', 'lora.r=16', 'train.learning_rate=1e-3', 'lora.target_modules=[c_attn, c_proj]', 'dataset.columns.output=answer', 'train.save_total_limit=null', 'name=7'], name: 'mine' });
    expect(experiment.lora).toMatchObject({ r: 16, target_modules: ['c_attn', 'c_proj'] });
    expect(experiment.train).toMatchObject({ learning_rate: 1e-3, save_total_limit: null });
    expect(experiment.dataset.columns).toEqual({ output: 'answer' });
    expect(experiment.name).toBe('mine');
    expect(readExperiment(path, { set: ['lora.r=1', 'name=7'] }).experiment.name).toBe('7');
  });

  it('reads JSON with tabs too', () => {
    expect(readExperiment(file('{\n\t"model": "m",\n\t"dataset": {"path": "d"}\n}', 'e.json')).experiment.model).toBe('m');
  });

  it.each([
    ['model: m\ndataset: { path: d\n', /e\.yaml, line \d: this is not YAML: /],
    ['model: m\nmodel: n\n', /e\.yaml, line \d: this is not YAML: Map keys must be unique/],
    ['model: m\ndataset: { path: d }\n\nlora:\n  rank: 3\n', /e\.yaml, line 5: there is no key `lora\.rank`: did you mean `lora\.r`\?/],
    ['model: m\ndataset: { path: d }\nlora: { r: 0 }\n', /e\.yaml, line 3: `lora\.r` is 0/],
    ['dataset: { path: d }\n', /e\.yaml: `model` is missing/],
    ['modle: m\ndataset: { path: d }\n', /e\.yaml, line 1: there is no key `modle`: did you mean `model`\? \(also wrong: `model`\)/],
    ['just words', /e\.yaml: an experiment is a group of keys \(model: …, dataset: …\), not "just words"/],
    ['', /e\.yaml: an experiment is a group of keys/],
  ])('says file and line: %j', (text, sentence) => {
    expect(() => readExperiment(file(text))).toThrow(sentence);
  });

  it('sets what is mixed in by its number, and finds its files', () => {
    const path = file('model: m\ndataset:\n  path: d\n  mix:\n    - path: a.txt\n    - { name: zh }\n');
    const sets = (...set: string[]) => readExperiment(path, { set }).experiment.dataset.mix.map(({ path: place, name, weight }) => [place, name, weight]);
    expect(sets('dataset.mix.1.weight=2', 'dataset.mix.2.path=b.txt')).toEqual([[join(folder, 'a.txt'), null, 1], [null, 'zh', 2], [join(process.cwd(), 'b.txt'), null, 1]]);
    expect(sets('dataset.mix=[{path: c.txt}]')).toEqual([[join(process.cwd(), 'c.txt'), null, 1]]);
    expect(() => sets('dataset.mix.3.weight=2')).toThrow('`dataset.mix` has 2 of them, numbered from 0: there is no 3');
    expect(() => sets('dataset.mix.0.wait=2')).toThrow('there is no key `dataset.mix.0.wait`');
    expect(() => sets('dataset.mix.0.weight=0')).toThrow(/^--set dataset\.mix\.0\.weight=0: /);
    expect(() => sets('dataset.mix.1.name=null')).toThrow(/must have a path, or the name of an entry/);
  });

  it('says what is wrong with --set and with the path', () => {
    const path = file('model: m\ndataset: { path: d }\n');
    expect(() => readExperiment(path, { set: ['lora.r'] })).toThrow('--set lora.r: write key=value');
    expect(() => readExperiment(path, { set: ['lora.rank=3'] })).toThrow('there is no key `lora.rank`: did you mean `lora.r`?');
    expect(() => readExperiment(path, { set: ['__proto__.x=3'] })).toThrow('there is no key `__proto__.x`');
    expect(() => readExperiment(path, { set: ['lora.target_modules=[a'] })).toThrow('`lora.target_modules` cannot be "[a"');
    expect(() => readExperiment(file('model: m\ndataset: { path: d }\nlora: { r: 2 }\n'), { set: ['lora.r=0'] })).toThrow(/^--set lora\.r=0: `lora\.r` is 0: it must be a whole number of at least 1$/);
    expect(() => readExperiment(path, { set: ['lora.target_modules=[""]'] })).toThrow(/^--set lora\.target_modules=\[""\]: /);
    expect(() => readExperiment(file('{"text": "a"}\n', 'rows.jsonl'))).toThrow(/rows\.jsonl is no experiment file: .* workbench datasets .*rows\.jsonl$/);
    expect(() => readExperiment(join(folder, 'none.yaml'))).toThrow('cannot read the experiment file (ENOENT: no such file or directory)');
  });
});

describe('writing', () => {
  const experiment = withValues(parseExperiment(least), { 'lora.r': 64, 'lora.target_modules': ['q_proj', 'v_proj'], 'dataset.columns': { output: 'a: b' }, 'train.adam_epsilon': 1e-8, name: '12' });

  it('reads back equal, whole or only the changes', () => {
    const folderOf = { model: join(folder, 'models/tiny'), 'dataset.path': join(folder, 'd') };
    const absolute = withValues(experiment, folderOf);
    expect(readExperiment(file(writeExperiment(absolute))).experiment).toEqual(absolute);
    expect(readExperiment(file(writeExperiment(absolute, { changed: true }))).experiment).toEqual(absolute);
  });

  it('leaves out the defaults when asked', () => {
    expect(writeExperiment(experiment, { changed: true })).toBe('name: "12"\nmodel: m\ndataset:\n  path: d.jsonl\n  columns:\n    output: "a: b"\nlora:\n  r: 64\n  target_modules:\n    - q_proj\n    - v_proj\n');
  });
});

/** An option of a schedule is refused beside another one. */
const takerOf = (key: string) => Object.keys(scheduleOptions).find((schedule) => isMeantBy(schedule, key));

describe('knobs', () => {
  it('say kind, limits and choices of every key', () => {
    const knob = (key: string) => knobs.find((each) => each.key === key);
    expect(knob('lora.r')).toMatchObject({ group: 'lora', label: 'rank r', kind: 'int', min: 1, max: null, step: 'log', default: 8, nullable: false });
    expect(knob('train.learning_rate')).toMatchObject({ kind: 'float', min: 0, aboveMin: true, step: 'log' });
    expect(knob('train.lr_scheduler_type')).toMatchObject({ kind: 'choice', open: false, choices: Object.keys(scheduleOptions) });
    expect(knob('lora.target_modules')).toMatchObject({ kind: 'choice', open: true, choices: ['auto', 'all-linear'] });
    expect(knob('engine.threads')).toMatchObject({ kind: 'int', choices: ['auto'], min: 1 });
    expect(knob('train.save_total_limit')).toMatchObject({ kind: 'int', nullable: true });
    expect(knob('packing')).toMatchObject({ kind: 'bool', group: '' });
    expect(knob('dataset.columns')).toMatchObject({ kind: 'map' });
    expect(knob('model')).toMatchObject({ kind: 'text', path: true, default: undefined });
    expect(knobs.filter((each) => each.help === '' || each.expects === '')).toEqual([]);
  });

  it('cover the whole experiment', () => {
    const flat = flatten(parseExperiment(least));
    expect([...flat.values()].filter((value) => value === undefined)).toEqual([]);
    expect(flat.size).toBe(knobs.length);
  });

  it('step by the arrow keys and stay within the limits', () => {
    expect([1, 2, 4].map((r) => stepValue('lora.r', r, 1))).toEqual([2, 4, 8]);
    expect(stepValue('lora.r', 1, -1)).toBe(1);
    expect(stepValue('lora.r', 12, 1)).toBe(16);
    expect(stepValue('lora.r', 12, -1)).toBe(8);
    expect([1e-4, 2e-4, 3e-4, 5e-4].map((rate) => stepValue('train.learning_rate', rate, 1))).toEqual([2e-4, 5e-4, 5e-4, 1e-3]);
    expect([1e-4, 2e-4, 3e-4].map((rate) => stepValue('train.learning_rate', rate, -1))).toEqual([5e-5, 1e-4, 2e-4]);
    expect(stepValue('train.weight_decay', 0, 1)).toBe(0.001);
    expect(stepValue('train.weight_decay', 0.001, -1)).toBe(0);
    expect(stepValue('lora.lora_dropout', 0.95, 1)).toBe(0.95);
    expect(stepValue('lora.lora_dropout', 0.1, 1)).toBe(0.15);
    expect(stepValue('lora.lora_dropout', 0.05, -1)).toBe(0);
    expect(stepValue('train.spike_guard', 0, 1)).toBe(2);
    expect(stepValue('train.spike_guard', 2, -1)).toBe(0);
    expect(stepValue('packing', false, 1)).toBe(true);
    expect(stepValue('finetuning', 'lora', -1)).toBe('full');
    expect(stepValue('engine.threads', 'auto', 1)).toBe(1);
    expect(stepValue('engine.threads', 1, -1)).toBe('auto');
    expect(stepValue('train.max_steps', -1, 1)).toBe(1);
    expect(stepValue('train.max_steps', 1, -1)).toBe(-1);
    expect(stepValue('freeze.num_trainable_layers', -1, 1)).toBe(1);
    expect(stepValue('train.save_total_limit', null, 1)).toBe(1);
    expect(stepValue('name', 'x', 1)).toBe('x');
  });

  it('never step to a value that is refused', () => {
    // `init: random` is a valid step that contradicts the finetuning of this experiment.
    for (const knob of knobs.filter(({ key }) => key !== 'init')) {
      for (const direction of [1, -1] as const) {
        let experiment = parseExperiment({ ...least, dataset: { ...least.dataset, format: 'classification' }, train: { lr_scheduler_type: takerOf(knob.key), predict_with_generate: knob.key === 'train.metric_for_best_model' } });
        for (let i = 0; i < 40; i++) {
          const next = stepValue(knob.key, flatten(experiment).get(knob.key), direction);
          experiment = withValues(experiment, { [knob.key]: next });
        }
      }
    }
  });

  it('take what is typed', () => {
    expect(parseValue('lora.r', '16')).toBe(16);
    expect(parseValue('name', '16')).toBe('16');
    expect(parseValue('name', 'null')).toBeNull();
    expect(parseValue('name', '@home: [')).toBe('@home: [');
    expect(parseValue('lora.target_modules', '[a, b]')).toEqual(['a', 'b']);
  });
});

describe('differences and presets', () => {
  it('are named by key', () => {
    const a = parseExperiment(least);
    expect(diffExperiments(a, withValues(a, { 'lora.r': 4, 'dataset.format': 'text' }))).toEqual([
      { key: 'dataset.format', a: 'alpaca', b: 'text' },
      { key: 'lora.r', a: 8, b: 4 },
    ]);
    expect(diffExperiments(a, parseExperiment(least))).toEqual([]);
  });

  it('apply one after the other, each to a valid experiment', () => {
    let experiment = parseExperiment(least);
    for (const preset of [...presets, ...[...presets].reverse()]) {
      experiment = withValues(experiment, preset.values);
      for (const [key, value] of Object.entries(preset.values)) expect(flatten(experiment).get(key)).toEqual(value);
    }
  });
});

it('names a run by model and dataset', () => {
  const name = (model: string) => runName(parseExperiment({ model, dataset: { path: '/data/movies.v2.jsonl' } }));
  expect(name('/m/Qwen2.5-0.5B')).toBe('Qwen2.5-0.5B-movies.v2');
  expect(name('/hub/models--org--tiny-llama/snapshots/0af3')).toBe('tiny-llama-movies.v2');
});

it('finds home and the models by the environment alone', () => {
  expect(homeFolder({ WORKBENCH_HOME: '/w', XDG_DATA_HOME: '/x' })).toBe('/w');
  expect(homeFolder({ XDG_DATA_HOME: '/x' })).toBe('/x/workbench');
  expect(homeFolder({ HOME: '/h' })).toBe('/h/.local/share/workbench');
  expect(modelSearchPaths({ WORKBENCH_MODELS: '/a:/b', HF_HOME: '/hf' })).toEqual(['/a', '/b', '/hf/hub']);
  expect(modelSearchPaths({ HOME: '/h' })).toEqual(['/h/.cache/huggingface/hub']);
  expect(modelSearchPaths({ HF_HUB_CACHE: '/c', HF_HOME: '/hf' })).toEqual(['/c']);
});
