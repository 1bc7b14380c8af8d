import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { Connection } from '../../src/store/connection.js';
import type { Query } from '../../src/store/connection.js';
import { databasePath, runFolder } from '../../src/store/folders.js';
import { makeRunId } from '../../src/store/ids.js';
import { takeLock } from '../../src/store/lock.js';
import { Reader } from '../../src/store/reader.js';
import { filterRuns } from '../../src/store/query.js';
import { openReader, openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store.js';
import type { EvalEvent, StepEvent, TrainEvent } from '../../src/trainer/events.js';
import { UserError } from '../../src/util/errors.js';

const config = parseExperiment({ model: 'm', dataset: { path: 'd.jsonl' } });
const time = '2026-01-02T03:04:05.678Z';
const at = (step: number) => ({ step, total_steps: 10, epoch: step / 10 });
const started: TrainEvent = { type: 'started', ...at(0), trainable_parameters: 5, total_parameters: 50, estimated_memory_bytes: 900, train_rows: 8, eval_rows: 2, engine: 'reference' };
const stepped = (step: number, loss: number): StepEvent => ({
  type: 'step', ...at(step), loss, learning_rate: 1e-4, grad_norm: 1, tokens_seen: step * 100, tokens_per_second: 50, elapsed_time: step, remaining_time: 10 - step, memory_bytes: 1000 + step,
});
const evaluated = (step: number, loss: number, accuracy: number | null = null): EvalEvent => ({ type: 'eval', ...at(step), eval_loss: loss, perplexity: Math.exp(loss), accuracy, eval_seconds: 1 });

let home: string;
let store: Store;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-store-'));
  store = openStore(home);
});
afterEach(() => {
  store.close();
  rmSync(home, { recursive: true });
});

const create = (name = 'a') => store.createRun({ name, config }).id;

describe('the way of a run', () => {
  it('keeps how far its rows are tokenised only until there is better news', () => {
    const id = create();
    const told = () => store.historySince(id, 0).rows.map(({ type, details }) => [type, details.bytes]);
    const prepared = (bytes: number): TrainEvent => ({ type: 'preparing', bytes, total_bytes: 900, elapsed_time: 1, remaining_time: 2 });
    for (const bytes of [100, 500]) store.record(id, prepared(bytes), time);
    expect(told()).toEqual([['preparing', 500]]);
    store.record(id, started, time);
    expect(told()).toEqual([['started', undefined]]);
  });

  it('begins queued, with its whole configuration', () => {
    const [before, run] = [Date.now(), store.createRun({ name: 'first', config })];
    expect(run).toMatchObject({ name: 'first', state: 'queued', reason: null, started_at: null, step: 0, train_loss: null, checkpoints: [], tags: [], note: '', archived: false, parent: null });
    expect(run.config).toEqual(config);
    expect(Date.parse(run.created_at)).toBeGreaterThanOrEqual(before);
  });

  it('counts the time that it worked: no pause, no crash that was found out later, no wait between two parts', () => {
    const id = create();
    const second = (seconds: number) => new Date(Date.parse(time) + 1000 * seconds).toISOString();
    const say = (event: TrainEvent, seconds: number) => {
      store.record(id, event, second(seconds));
      const { worked_seconds: worked, working_since: since } = store.run(id);
      return [worked, since === null ? null : (Date.parse(since) - Date.parse(time)) / 1000];
    };
    expect(store.run(id).worked_seconds).toBeNull();
    expect(say(started, 0)).toEqual([0, 0]);
    expect(say(stepped(1, 3), 10)).toEqual([10, 10]);
    expect(say({ type: 'paused', ...at(1) }, 12)).toEqual([12, null]);
    expect(say({ type: 'checkpoint', ...at(1), path: '/c', bytes: 1 }, 50)).toEqual([12, null]); // asked for in the pause
    expect(say({ type: 'resumed', ...at(1), checkpoint: null }, 100)).toEqual([12, 100]);
    expect(say(stepped(2, 2), 105.5)).toEqual([17.5, 105.5]);
    store.setState(id, 'crashed', 'found out much later');
    store.requeue(id, config);
    expect(store.run(id)).toMatchObject({ worked_seconds: 17.5, working_since: null });
    store.claim(id, { pid: 7, startTime: '12', bootId: 'b' });
    expect(store.run(id)).toMatchObject({ worked_seconds: 17.5, working_since: expect.any(String) as string });
    store.setState(id, 'crashed', 'before it said anything');
    store.requeue(id, config);
    expect(say({ ...started, ...at(2) }, 5000)).toEqual([17.5, 5000]);
    expect(say({ type: 'completed', ...at(10), output: '/out', peak_memory_bytes: 1 }, 5020)).toEqual([37.5, null]);
    expect(store.sql('select worked_seconds from runs').rows).toEqual([[37.5]]);
    expect(filterRuns(store.runs(), 'took>37s took<0.5h -took>"1m 2s"')).toHaveLength(1);
  });

  it('of a version that knew fewer keys has the defaults of the others', () => {
    const id = create('old');
    const database = new Database(join(home, 'workbench.db'));
    database.prepare("UPDATE runs SET config = json_remove(config, '$.dataset.filter', '$.train.spike_guard', '$.quantization') WHERE id = ?").run(id);
    database.close();
    expect(store.run(id).config).toEqual(config);
  });

  it('keeps the latest value of each event', () => {
    const id = create();
    const path = join(home, 'step-2');
    mkdirSync(path);
    writeFileSync(join(path, 'model.safetensors'), 'abc');
    writeFileSync(join(path, 'trainer_state.json'), JSON.stringify({ files: { 'model.safetensors': { bytes: 3 } } }));
    const events: TrainEvent[] = [
      started, stepped(1, 3), stepped(2, 2), evaluated(2, 2.5, 0.5), evaluated(4, 2.75, 0.25),
      { type: 'checkpoint', ...at(2), path, bytes: 10 },
      { type: 'sample', ...at(2), prompt: 'Once', text: 'upon' },
      { type: 'warning', message: 'two rows left out' },
      { type: 'completed', ...at(10), output: '/out', peak_memory_bytes: 5000 },
    ];
    for (const event of events) store.record(id, event, time);
    expect(store.run(id)).toMatchObject({
      state: 'completed', started_at: time, ended_at: time, engine: 'reference', trainable_parameters: 5, total_parameters: 50, estimated_memory_bytes: 900,
      step: 10, total_steps: 10, epoch: 1, train_loss: 2, tokens_seen: 200, eval_loss: 2.75, best_eval_loss: 2.5, perplexity: Math.exp(2.75), accuracy: 0.25,
      peak_memory_bytes: 5000, output: '/out', checkpoints: [{ step: 2, path, valid: true }],
    });
    expect(store.samples(id)).toEqual([{ step: 2, prompt: 'Once', text: 'upon' }]);
    expect(store.warnings(id)).toEqual(['two rows left out']);
    expect(store.history(id).map(({ type }) => type)).toEqual(['started', 'checkpoint', 'sample', 'warning', 'completed']);
  });

  it.each([
    [{ type: 'paused', ...at(3) }, { state: 'paused', ended_at: null, step: 3 }],
    [{ type: 'stopped', ...at(3), reason: 'by hand', output: '/o' }, { state: 'stopped', reason: 'by hand', ended_at: time, output: '/o' }],
    [{ type: 'failed', reason: 'no rows', user: true }, { state: 'failed', reason: 'no rows', ended_at: time, step: 0 }],
  ] satisfies [TrainEvent, object][])('%j', (event, expected) => {
    const id = create();
    store.record(id, event, time);
    expect(store.run(id)).toMatchObject(expected);
  });

  it.each([
    ['has a file that was cut', (path: string) => truncateSync(join(path, 'model.safetensors'), 2)],
    ['lacks a file', (path: string) => rmSync(join(path, 'model.safetensors'))],
    ['does not say what is in it', (path: string) => writeFileSync(join(path, 'trainer_state.json'), '{')],
  ])('knows a checkpoint that %s as broken', (_, harm) => {
    const id = create();
    const path = join(home, 'step-1');
    mkdirSync(path);
    writeFileSync(join(path, 'model.safetensors'), 'abc');
    writeFileSync(join(path, 'trainer_state.json'), JSON.stringify({ files: { 'model.safetensors': { bytes: 3 } } }));
    store.record(id, { type: 'checkpoint', ...at(1), path, bytes: 3 }, time);
    expect(store.run(id).checkpoints).toEqual([{ step: 1, path, valid: true }]);
    harm(path);
    for (const run of [store.run(id), ...store.runs()]) expect(run.checkpoints).toEqual([{ step: 1, path, valid: false }]);
  });

  it('forgets checkpoints that are no longer on disk', () => {
    const id = create();
    const paths = [1, 2, 3].map((step) => join(home, `step-${step}`));
    for (const [index, path] of paths.entries()) {
      mkdirSync(path);
      store.record(id, { type: 'checkpoint', ...at(index + 1), path, bytes: 1 }, time);
      if (index === 1) rmSync(paths[0], { recursive: true });
    }
    expect(store.runs()[0].checkpoints.map(({ step }) => step)).toEqual([2, 3]);
    rmSync(paths[1], { recursive: true });
    expect(store.run(id).checkpoints.map(({ step }) => step)).toEqual([3]);
  });

  it('keeps what no event could say: a crash, a process, a control by hand', () => {
    const id = create();
    const process = { pid: 7, startTime: '12', bootId: 'b' };
    expect(store.live()).toEqual([]);
    expect(store.claim(id, process)).toBe(true);
    expect(store.claim(id, { ...process, pid: 8 })).toBe(false);
    expect(store.cancel(id, 'too late')).toBe(false);
    expect(store.run(id)).toMatchObject({ state: 'running', reason: null });
    expect(store.run(id).started_at).not.toBeNull();
    expect(store.processOf(id)).toEqual(process);
    expect(store.live()).toEqual([{ id, process }]);
    store.recordControl(id, 'save', time);
    store.setState(id, 'crashed', 'killed');
    expect(store.clearProcess(id, { ...process, startTime: '13' })).toBe(false);
    expect(store.processOf(id)).toEqual(process);
    expect(store.clearProcess(id, process)).toBe(true);
    expect(store.run(id)).toMatchObject({ state: 'crashed', reason: 'killed' });
    expect(store.run(id).ended_at).not.toBeNull();
    expect(store.processOf(id)).toBeNull();
    expect(store.history(id)).toEqual([{ time, type: 'control', step: null, details: { control: 'save' } }]);
  });
});

describe('the queue', () => {
  it('is kept in the order that is asked for', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(create);
    for (const id of [a, b, c]) store.enqueue(id);
    store.moveInQueue(c, 1);
    expect(store.queue()).toEqual([c, a, b]);
    store.moveInQueue(c, 99);
    expect(store.queue()).toEqual([a, b, c]);
    store.cancel(b, 'taken out');
    expect(() => store.moveInQueue(b, 1)).toThrow(/b \(.*\) is not in the queue: it is stopped/);
    expect(openReader(home).queue()).toEqual([a, c]);
  });

  it('lets one run at a time, or as many as it was told', () => {
    expect(store.parallel()).toBe(1);
    store.setParallel(3);
    expect(openReader(home).parallel()).toBe(3);
  });

  it('takes a run that has ended once more, not one that lives', () => {
    const id = create();
    expect(store.requeue(id, config)).toBe(false);
    const waiting = store.waitingSince(id);
    store.setState(id, 'crashed', 'killed', 'running');
    expect(store.waitingSince(id)).toBe(waiting); // it was not running
    store.setState(id, 'crashed', 'killed');
    expect(store.waitingSince(id)).toBeNull();
    expect(store.requeue(id, config)).toBe(true);
    expect(store.run(id)).toMatchObject({ state: 'queued', reason: null, ended_at: null });
    expect(store.queue()).toEqual([]);
    expect(Date.parse(store.unclaimed()[0].since)).toBeGreaterThanOrEqual(Date.parse(waiting!));
  });
});

describe('metrics', () => {
  it('come back by key and in order', () => {
    const id = create();
    for (const step of [1, 2, 3]) store.record(id, stepped(step, 4 - step), time);
    store.record(id, evaluated(3, 1.5), time);
    expect(store.metrics(id, ['loss', 'eval_loss'])).toEqual([
      { step: 1, time, key: 'loss', value: 3 }, { step: 2, time, key: 'loss', value: 2 }, { step: 3, time, key: 'loss', value: 1 }, { step: 3, time, key: 'eval_loss', value: 1.5 },
    ]);
    expect(new Set(store.metrics(id).map(({ key }) => key))).toEqual(new Set(['loss', 'learning_rate', 'grad_norm', 'tokens_per_second', 'tokens_seen', 'memory_bytes', 'eval_loss', 'perplexity']));
    expect(store.metrics(create('other'))).toEqual([]);
  });

  it('show a loss that is no number as NaN, and the run goes on', () => {
    const id = create();
    store.record(id, stepped(1, NaN), time);
    store.record(id, stepped(2, Infinity), time);
    store.record(id, evaluated(2, NaN), time);
    store.record(id, evaluated(3, 2), time);
    expect(store.metrics(id, ['loss']).map(({ value }) => value)).toEqual([NaN, Infinity]);
    expect(store.run(id).best_eval_loss).toBe(2);
  });

  it('are handed out once to who asks again and again', () => {
    const id = create();
    let cursor = 0;
    const news = () => {
      const since = store.metricsSince(id, cursor);
      cursor = since.cursor;
      return since.points.filter(({ key }) => key.endsWith('loss')).map(({ step, key }) => `${key} ${step}`);
    };
    expect(news()).toEqual([]);
    store.record(id, stepped(1, 3), time);
    store.record(id, stepped(2, 3), time);
    expect(news()).toEqual(['loss 1', 'loss 2']);
    store.record(id, evaluated(2, 3), time);
    expect(news()).toEqual(['eval_loss 2']);
    expect(news()).toEqual([]);
    // A resume from step 1 takes back step 2 and writes it again.
    store.record(id, { type: 'resumed', ...at(1), checkpoint: '/c' }, time);
    expect(news()).toEqual([]);
    expect(store.metrics(id, ['loss']).map(({ step }) => step)).toEqual([1]);
    store.record(id, stepped(2, 5), time);
    store.record(id, stepped(3, 4), time);
    expect(news()).toEqual(['loss 2', 'loss 3']);
    expect(store.metrics(id, ['loss']).map(({ value }) => value)).toEqual([3, 5, 4]);
    expect(store.run(id).resumed_from).toBe('/c');
  });

  it('that are written by another while they are read come whole with the next question', () => {
    const id = create();
    store.record(id, stepped(1, 3), time);
    /** Lets the other write a step after the first curve was read. */
    class Interleaved extends Connection {
      reads = 0;
      override prepare<Row>(sql: string): Query<Row> {
        const query = super.prepare<Row>(sql);
        return {
          ...query,
          each: (parameters) => {
            if (++this.reads === 2) store.record(id, stepped(2, 2), time);
            return query.each(parameters);
          },
        };
      }
    }
    const reader = new Reader(new Interleaved(databasePath(home)));
    const first = reader.metricsSince(id, 0);
    const second = reader.metricsSince(id, first.cursor);
    reader.close();
    const all = store.metrics(id).map(({ key, step }) => `${key} ${step}`);
    expect([...first.points, ...second.points].map(({ key, step }) => `${key} ${step}`).sort()).toEqual(all.sort());
    expect(all).toContain('loss 2');
  });

  it('of one run do not disturb those of another', () => {
    const [a, b] = [create('a'), create('b')];
    store.record(a, stepped(5, 1), time);
    store.record(b, stepped(6, 2), time);
    store.record(a, { type: 'resumed', ...at(0), checkpoint: '/c' }, time);
    expect(store.metrics(a)).toEqual([]);
    expect(store.metrics(b, ['loss'])).toHaveLength(1);
  });
});

describe('finding a run', () => {
  it('by id, unique prefix or newest of a name', () => {
    const first = create('same');
    const second = create('same');
    expect(store.run(first).id).toBe(first);
    expect(store.run('same').id).toBe([first, second].sort().at(-1));
    const only = create('lonely');
    const prefix = Array.from(only, (_, i) => only.slice(0, i + 1)).find((start) => !first.startsWith(start) && !second.startsWith(start))!;
    expect(store.run(prefix).id).toBe(only);
    expect(store.runs().map(({ id }) => id)).toEqual([first, second, only].sort().reverse());
  });

  it('says which come near when there is none', () => {
    expect(() => store.run('x')).toThrow('there is no run "x": there are none yet');
    const id = create('rotten-tomatoes');
    expect(() => store.run('rotten-tomatos')).toThrow('there is no run "rotten-tomatos": did you mean "rotten-tomatoes"?');
    expect(() => store.run('zzz')).toThrow(`the newest is ${id} (rotten-tomatoes)`);
    expect(() => store.run('')).toThrow(UserError);
    create('b');
    expect(() => store.run(id.slice(0, 3))).toThrow(/^several runs begin with/);
  });
});

describe('ids', () => {
  it('are short, sort by time and differ at the same moment', () => {
    const times = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 0, 0, 0, 1), Date.UTC(2031, 5, 1), Date.UTC(2057, 0, 1)];
    const ids = times.map((time) => makeRunId(time, null));
    expect(ids).toEqual([...ids].sort());
    for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{10}$/);
  });

  it('list runs in the order they were made, in one millisecond and when the clock is set back', () => {
    vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 5, 1));
    const made = Array.from({ length: 100 }, () => create());
    vi.mocked(Date.now).mockReturnValue(Date.UTC(2025, 0, 1));
    made.push(create());
    vi.restoreAllMocks();
    expect(store.runs().map(({ id }) => id)).toEqual(made.reverse());
  });
});

describe('what a person adds', () => {
  it('names, tags, notes, the archive', () => {
    const id = create();
    store.rename(id, ' better ');
    store.tag(id, { add: ['baseline', 'good', 'good'] });
    store.tag(id, { remove: ['good'] });
    store.note(id, "it's 'fine'");
    store.archive(id, true);
    expect(store.run(id)).toMatchObject({ name: 'better', tags: ['baseline'], note: "it's 'fine'", archived: true });
    expect(() => { store.rename(id, ' '); }).toThrow(UserError);
  });

  it('is forgotten with the run and its folder, but never while it runs', () => {
    const id = create();
    mkdirSync(runFolder(home, id), { recursive: true });
    writeFileSync(join(runFolder(home, id), 'run.log'), 'x');
    store.record(id, started, time);
    store.record(id, stepped(1, 1), time);
    store.tag(id, { add: ['t'] });
    expect(() => { store.remove(id); }).toThrow(/is running: stop it first/);
    expect(existsSync(runFolder(home, id))).toBe(true);
    store.setState(id, 'stopped', 'by hand');
    store.remove(id);
    expect(store.runs()).toEqual([]);
    expect(store.metrics(id)).toEqual([]);
    expect(existsSync(runFolder(home, id))).toBe(false);
  });
});

describe('the queue', () => {
  it('is the order of asking, and a run leaves it when it starts', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => create(name));
    for (const id of [b, a, c, b]) store.enqueue(id);
    expect(store.queue()).toEqual([b, a, c]);
    expect(store.unclaimed()).toEqual([]);
    expect(store.claim(b, { pid: 1, startTime: '', bootId: '' })).toBe(true);
    store.record(a, { type: 'failed', reason: 'x', user: true }, time);
    expect(store.queue()).toEqual([c]);
    expect(store.cancel(c, 'taken out')).toBe(true);
    expect(store.run(c)).toMatchObject({ state: 'stopped', reason: 'taken out' });
    expect(store.queue()).toEqual([]);
    const d = create('d');
    expect(store.unclaimed().map(({ id }) => id)).toEqual([d]);
  });
});

describe('a lock', () => {
  it('is held by one at a time', () => {
    const path = join(home, 'x', 'lock');
    const lock = takeLock(path);
    expect(lock).not.toBeNull();
    expect(takeLock(path)).toBeNull();
    lock!.release();
    const again = takeLock(path);
    expect(again).not.toBeNull();
    again!.release();
  });
});

describe('two at once', () => {
  it('a reader sees what a writer wrote, and that there is news', () => {
    const reader = openReader(home);
    const before = reader.version();
    expect(reader.version()).toBe(before);
    const id = create();
    const after = reader.version();
    expect(after).toBeGreaterThan(before);
    expect(reader.run(id).name).toBe('a');
    expect(reader.version()).toBe(after);
    store.record(id, stepped(1, 1), time);
    expect(reader.version()).toBeGreaterThan(after);
    const own = store.version();
    store.note(id, 'n');
    expect(store.version()).toBeGreaterThan(own);
    reader.close();
  });

  it('an event of a run that is not there is refused whole', () => {
    expect(() => { store.record('nobody', stepped(1, 1), time); }).toThrow('no run nobody in the store');
    expect(store.damage()).toEqual([]);
  });
});

it('gives no run a name that a terminal would obey', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-names-'));
  const names = openStore(folder);
  const config = parseExperiment({ model: 'm', dataset: { path: 'd' } });
  const { id } = names.createRun({ name: 'plain', config });
  expect(() => names.rename(id, 'red\u001b[31m')).toThrow('control characters');
  expect(names.run(id).name).toBe('plain');
  expect(() => parseExperiment({ ...config, name: 'two\nlines' })).toThrow('control characters');
  names.close();
  rmSync(folder, { recursive: true });
});
