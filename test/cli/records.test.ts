/** The commands that look at runs and change what is said of them, on a real store. */
import { mkdirSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withValues } from '../../src/config/keys.js';
import { newRun } from '../../src/runner/new-run.js';
import { runFolder } from '../../src/store/folders.js';
import { openStore } from '../../src/store/store.js';
import { experiment, stepEvent } from './samples.js';
import { Workplace } from './workbench.js';

const place = new Workplace();
const steps = 1500;
let first = '';
let second = '';

beforeAll(() => {
  const store = openStore(place.home);
  const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 10) + 1000 * second).toISOString();
  const begin = { type: 'started', step: 0, total_steps: steps, epoch: 0, trainable_parameters: 100, total_parameters: 1000, estimated_memory_bytes: 1e8, train_rows: 10, eval_rows: 2, engine: 'reference' } as const;
  first = store.createRun({ name: 'narrow', config: experiment }).id;
  second = store.createRun({ name: 'wide', config: withValues(experiment, { 'lora.r': 64 }) }).id;
  for (const [id, loss] of [[first, 2], [second, 1]] as const) {
    store.record(id, begin, time(0));
    for (let step = 1; step <= steps; step++) store.record(id, stepEvent(step, { total_steps: steps, loss: loss + 1 / step }), time(step));
  }
  store.record(first, { type: 'eval', step: steps, total_steps: steps, epoch: 1, eval_loss: 2.5, perplexity: 12.18, accuracy: 0.75, eval_seconds: 1 }, time(steps));
  store.record(first, { type: 'warning', message: 'row 3 was left out' }, time(1));
  store.record(first, { type: 'completed', step: steps, total_steps: steps, epoch: 1, output: '/nowhere/adapter', peak_memory_bytes: 2e8 }, time(steps + 1));
  store.record(second, { type: 'failed', reason: 'out of memory', user: true }, time(steps + 1));
  store.close();
}, 120_000);
afterAll(() => place.remove());

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await place.here(...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

describe('runs', () => {
  it('lists the newest first, as text without colour and as JSON', async () => {
    const { stdout } = await place.run('runs');
    expect(stdout.split('\n').slice(1, 3).map((line) => line.split(/ +/).slice(1, 3))).toEqual([['wide', 'failed'], ['narrow', 'completed']]);
    expect(stdout).not.toContain('\u001b');
    expect(await json('runs')).toMatchObject([{ id: second, state: 'failed', reason: 'out of memory' }, { id: first, eval_loss: 2.5, accuracy: 0.75 }]);
  });

  it('chooses and orders', async () => {
    expect(await json('runs', '--filter', 'lora.r>=32 -state:completed')).toMatchObject([{ id: second }]);
    expect(await json('runs', '--sort', '-train_loss')).toMatchObject([{ id: first }, { id: second }]);
    expect(await place.here('runs', '--filter', 'lora.rr>1')).toMatchObject({ code: 2, stdout: '', stderr: 'workbench: runs have no `lora.rr`: did you mean `lora.r`?\n' });
  });
});

describe('show', () => {
  it('finds the newest by a word', async () => {
    expect(await json('show', '@last')).toMatchObject({ id: second });
    expect((await place.here('show', '@live')).stderr).toBe('workbench: @live stands for no run: there is none\n');
    expect((await place.here('show', '@marked')).stderr).toContain("a run of the screen's");
  });

  it('finds a run by name, id and unique start of an id', async () => {
    const prefix = [...first].findIndex((letter, i) => letter !== second[i]) + 1;
    for (const reference of ['narrow', first, first.slice(0, prefix)]) expect(await json('show', reference)).toMatchObject({ id: first, name: 'narrow' });
  });

  it('gives every point when asked', async () => {
    const { metrics } = (await json('show', 'narrow', '--metrics')) as { metrics: { step: number; key: string; value: number }[] };
    expect(metrics.filter(({ key }) => key === 'loss').map(({ value }) => value)).toEqual(Array.from({ length: steps }, (_, i) => 2 + 1 / (i + 1)));
    expect(metrics).toContainEqual(expect.objectContaining({ step: steps, key: 'accuracy', value: 0.75 }));
  });

  it('tells state, settings, the loss as a chart, and warnings', async () => {
    const { stdout } = await place.here('show', 'narrow');
    for (const part of [/^state +completed$/m, /^lora\.r +16$/m, /^loss by step: training, evaluation •$/m, /^ +2\.00 ┤╰─+$/m, /^warning: row 3 was left out$/m]) expect(stdout).toMatch(part);
  });

  it.each([
    ['narow', 'there is no run "narow": did you mean "narrow"?'],
    ['', 'there is no run ""'],
  ])('%j: one sentence, exit code 2', async (reference, sentence) => {
    const { code, stdout, stderr } = await place.here('show', reference);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`workbench: ${sentence}`);
  });

  it('asks for more of a start that several ids have', async () => {
    const { code, stderr } = await place.here('show', first.slice(0, 2));
    expect(code).toBe(2);
    expect(stderr).toMatch(/several runs begin with .* narrow.*wide.*give more of the id/s);
  });

  it('is quiet when its reader goes away', async () => {
    const child = place.start('show', 'narrow', '--metrics');
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, errors]).toEqual([0, '']);
  });
});

describe('compare', () => {
  it('gives records and differences', async () => {
    expect(await json('compare', 'narrow', 'wide')).toMatchObject({ runs: [{ id: first }, { id: second }], differences: [{ key: 'lora.r', values: [16, 64] }] });
  });

  it('draws both in one chart', async () => {
    const { stdout } = await place.here('compare', 'narrow', 'wide');
    expect(stdout).toMatch(/lora\.r +16 +64/);
    expect(stdout).toMatch(/┤.*A/);
    expect(stdout).toMatch(/┤.*B/);
  });
});

describe('changes afterwards', () => {
  it('tags, renames and notes', async () => {
    await place.here('tag', 'wide', 'baseline', 'slow');
    await place.here('tag', 'wide', '--', '-slow', 'big');
    await place.here('note', 'wide', 'dropout', 'made no difference');
    expect(await place.here('rename', 'wide', 'wider')).toEqual({ code: 0, stdout: `wide (${second}) is wider now\n`, stderr: '' });
    expect(await json('show', 'wider')).toMatchObject({ tags: ['baseline', 'big'], note: 'dropout made no difference' });
  });

  it('deletes a run with its files, and none when one of them is not there', async () => {
    const folder = runFolder(place.home, second);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'run.log'), 'x');
    expect(await place.here('rm', second, 'nobody')).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(folder)).toBe(true);
    expect(await place.run('rm', second)).toEqual({ code: 2, stdout: '', stderr: 'workbench: nobody is there to be asked whether 1 run may be deleted: add --yes\n' });
    expect(existsSync(folder)).toBe(true);
    expect(await place.here('rm', second, '--yes')).toMatchObject({ code: 0 });
    expect(existsSync(folder)).toBe(false);
    expect(await json('runs')).toMatchObject([{ id: first }]);
  });

  it('asks at a terminal what and how much goes, and takes only a yes', async () => {
    const store = openStore(place.home);
    const [kept, gone] = ['kept', 'gone'].map((name) => store.createRun({ name, config: experiment }).id);
    for (const id of [kept, gone]) store.setState(id, 'stopped', null);
    store.close();
    mkdirSync(runFolder(place.home, gone), { recursive: true });
    writeFileSync(join(runFolder(place.home, gone), 'adapter'), Buffer.alloc(3_100_000));
    for (const [answer, end] of [['\r', 'nothing was removed'], ['\u0003', 'nothing was removed'], ['yes\r', `removed gone (${gone})`]]) expect(await place.answer(answer, 'rm', kept, gone)).toMatch(new RegExp(`remove 2 runs \\(kept, gone\\), 3\\.10 MB\\? .*\\[y/N\\][^]*${end.replace(/[()]/g, '\\$&')}`));
    expect([kept, gone].map((id) => existsSync(runFolder(place.home, id)))).toEqual([false, false]);
  });

  it('lets no command to the terminal out of a name that an old store kept', async () => {
    const store = openStore(place.home);
    const { id } = store.createRun({ name: 'evil\u001b]0;owned\u0007\u001b[31m\r', config: experiment });
    store.setState(id, 'stopped', null);
    store.close();
    const before = await Promise.all([['tag', id, 'x'], ['queue', 'remove', id]].map((args) => place.run(...args)));
    for (const { stdout, stderr } of [...before, await place.run('rm', id, '--yes')]) expect(stdout + stderr).toMatch(/^(?=[^]*evil)[\P{Cc}\n]*$/u);
  });

  it('says of a run without a process that it crashed', async () => {
    const store = openStore(place.home);
    const { id } = store.createRun({ name: 'lost', config: experiment });
    store.setState(id, 'running', null);
    store.close();
    expect(await json('show', 'lost')).toMatchObject({ state: 'crashed' });
    expect(await place.here('pause', 'lost')).toMatchObject({ code: 2, stdout: '' });
    expect(await place.here('attach', 'lost')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('a name that several runs bear', () => {
  const twins = new Workplace();
  const ids: string[] = [];
  beforeAll(() => {
    const store = openStore(twins.home);
    for (let i = 0; i < 2; i++) {
      ids.push(store.createRun({ name: 'twin', config: experiment }).id);
      store.setState(ids[i], 'stopped', null);
    }
    store.close();
  });
  afterAll(() => twins.remove());

  it.each([['rm', 'twin'], ['rename', 'twin', 'other'], ['tag', 'twin', 'good'], ['note', 'twin', 'x'], ['export', 'twin', '--format', 'peft', '--out', 'out'], ['stop', 'twin'], ['resume', 'twin']])('is not enough to change one: %s', async (...args) => {
    const { code, stdout, stderr } = await twins.here(...args);
    expect([code, stdout, stderr]).toEqual([2, '', `workbench: 2 runs are named twin (${ids[1]}, ${ids[0]}): give the id of the one you mean\n`]);
  });

  it('means the newest to those that look, who say so', async () => {
    const { stdout, stderr } = await twins.here('show', 'twin', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ id: ids[1] });
    expect(stderr).toBe(`workbench: 2 runs are named twin; this is the newest, ${ids[1]} (the others: ${ids[0]})\n`);
  });

  it('is given to no further run', async () => {
    const store = openStore(twins.home);
    expect([0, 1].map(() => newRun(store, twins.home, withValues(experiment, { name: 'twin' })).name)).toEqual(['twin-2', 'twin-3']);
    expect(newRun(store, twins.home, withValues(experiment, { name: 'single' })).name).toBe('single');
    store.close();
    expect(await twins.here('rename', ids[0], 'single')).toMatchObject({ code: 2, stdout: '' });
    expect(await twins.here('rm', ids[0], '--yes')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('an empty home', () => {
  it('has no runs, which is no error', async () => {
    const empty = new Workplace();
    expect(await empty.here('runs', '--json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await empty.here('runs')).toMatchObject({ code: 0, stdout: '' });
    empty.remove();
  });
});

describe('sql', () => {
  it('answers as a table, as CSV and as JSON', async () => {
    const query = "select name, train_loss, reason from runs where name = 'narrow'";
    expect((await place.here('sql', query)).stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([['name', 'train_loss', 'reason'], ['narrow', '2.001', 'null'], ['']]);
    expect((await place.here('sql', "select name, 'a \"b\", c' as said, reason from runs where name = 'narrow'", '--csv')).stdout).toBe('name,said,reason\nnarrow,"a ""b"", c",\n');
    expect(await json('sql', "select count(*) as points from metrics where run = '" + first + "' and name = 'loss'")).toEqual([{ points: steps }]);
    expect(await place.here('sql', 'drop table runs')).toMatchObject({ code: 2, stdout: '' });
  });

  it('says that a table was cut, and gives all of it to a program', async () => {
    const query = 'with recursive n (i) as (select 1 union all select i + 1 from n where i < 1001) select i from n';
    const table = await place.here('sql', query);
    expect(table.stdout.trim().split('\n')).toHaveLength(1 + 1000);
    expect(table.stderr).toContain('the first 1,000 rows');
    const csv = await place.here('sql', query, '--csv');
    expect(csv.stdout.trim().split('\n')).toHaveLength(1 + 1001);
    expect(csv.stderr).toBe('');
  });

  it('tells what can be asked for', async () => {
    expect((await place.here('sql')).stdout).toMatch(/runs +a row a run[^]*metrics[^]*run, name, step, time, value/);
  });
});

describe('metric points as CSV', () => {
  it('are a line a step', async () => {
    const { stdout } = await place.here('show', 'narrow', '--csv');
    const rows = stdout.trimEnd().split('\n').map((line) => line.split(','));
    expect(rows).toHaveLength(steps + 1);
    expect(rows[0].slice(0, 3)).toEqual(['step', 'time', 'loss']);
    expect(rows[1].slice(0, 3)).toEqual(['1', '2026-01-01T10:00:01.000Z', '3']);
    expect(rows[steps][rows[0].indexOf('eval_loss')]).toBe('2.5');
    expect(rows[1][rows[0].indexOf('eval_loss')]).toBe('');
  });
});
