/** Training and what comes after it, by the commands, on the quickstart cut short. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn as spawnInTerminal } from '@lydell/node-pty';
import { afterAll, describe, expect, it } from 'vitest';
import { repository, Workplace } from './workbench.js';

const place = new Workplace();
const quickstart = join(repository, 'experiments', 'quickstart.yaml');
const base = join(repository, 'experiments', 'demo', 'model');
const short = ['--set', 'train.num_train_epochs=1', '--set', 'train.eval_steps=0', '--set', 'dataset.max_samples=32', '--set', 'dataset.val_size=8'];
const long = [...short, '--set', 'train.num_train_epochs=5000', '--set', 'train.save_steps=0'];

afterAll(() => place.remove());

interface Event {
  readonly time: string;
  readonly type: string;
  readonly step: number;
}

function events(stdout: string): Event[] {
  return stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Event);
}

describe('train', () => {
  it('prints one event a line and nothing else with --json, and is kept', async () => {
    const { code, stdout, stderr } = await place.run('train', quickstart, ...short, '--name', 'short', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const all = events(stdout);
    expect([all[0].type, all.at(-1)?.type]).toEqual(['started', 'completed']);
    expect(all[0]).toMatchObject({ id: expect.any(String) as string, name: 'short' });
    expect(all.filter(({ time }) => Number.isNaN(Date.parse(time)))).toEqual([]);
    expect(all.filter(({ type }) => type === 'step').map(({ step }) => step)).toEqual([1, 2]);
    const { stdout: shown } = await place.here('show', 'short', '--json');
    expect(JSON.parse(shown)).toMatchObject({ name: 'short', state: 'completed', step: 2, config: { name: 'short', train: { num_train_epochs: 1 } } });
  });

  it('redraws one line in a terminal, never wider than it', async () => {
    const terminal = spawnInTerminal(process.execPath, [join(repository, 'bin', 'workbench'), 'train', quickstart, ...short, '--name', 'drawn'], {
      cols: 72, rows: 20, cwd: place.folder, env: { ...place.env, TERM: 'xterm-256color' },
    });
    let shown = '';
    terminal.onData((text) => (shown += text));
    const code = await new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    expect(code).toBe(0);
    const redrawn = shown.split('\r\u001b[2K').map((text) => text.split('\r\n')[0]).filter((line) => /^ *\d+% /.test(line));
    expect(redrawn.at(-1)).toMatch(/^100% █{20} 2\/2 {2}loss /);
    expect(Math.max(...redrawn.map((line) => line.length))).toBeLessThan(72);
    // eslint-disable-next-line no-control-regex -- some colour
    expect(shown).toMatch(/\u001b\[\d+mcompleted after 2 updates/);
  });

  it('stops and saves at the first Ctrl-C', async () => {
    const child = place.start('train', quickstart, ...long, '--name', 'interrupted', '--json');
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (!stdout.includes('"step",') && chunk.includes('"type":"step"')) child.kill('SIGINT');
      stdout += chunk.toString();
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
    expect(events(stdout).at(-1)?.type).toBe('stopped');
    const run = JSON.parse((await place.here('show', 'interrupted', '--json')).stdout) as { state: string; output: string };
    expect(run.state).toBe('stopped');
    expect(readdirSync(run.output).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  });

  it('resumes to the end it is given, in the same history', async () => {
    const more = await place.run('resume', 'short', '--set', 'train.num_train_epochs=2', '--json');
    expect([more.code, more.stderr]).toEqual([0, '']);
    expect(events(more.stdout).map(({ type, step }) => [type, step]).filter(([type]) => type !== 'checkpoint' && type !== 'eval')).toEqual([['started', 2], ['resumed', 2], ['step', 3], ['step', 4], ['completed', 4]]);
    expect(await place.here('resume', 'short')).toMatchObject({ code: 2, stderr: expect.stringMatching(/complete after 4 updates/) as string });
  });

  it('branches with other settings, and shows the parent', async () => {
    const refused = await place.here('resume', 'short', '--set', 'train.weight_decay=0.1', '--set', 'train.num_train_epochs=3');
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/would make it another run: add --branch/) as string });
    expect((await place.run('resume', 'short', '--branch', '--from', '2', '--set', 'train.weight_decay=0.1')).code).toBe(0);
    const shown = (await place.here('show', 'short-from-2')).stdout;
    expect(shown).toMatch(/^branch of +\w{10}$/m);
    expect(await place.here('resume', 'short', '--from', '3')).toMatchObject({ code: 2, stderr: expect.stringMatching(/there is no checkpoint at step 3: there are 2, 4/) as string });
  });

  it('leaves the terminal with --detach; attach shows it and gives its end', async () => {
    const started = await place.run('train', quickstart, ...long, '--name', 'away', '--detach', '--json');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(started.stdout)).toMatchObject({ name: 'away', state: 'running' });
    expect(await place.here('rm', 'away')).toMatchObject({ code: 2, stdout: '' });
    const watching = place.start('attach', 'away', '--json');
    let stdout = '';
    await new Promise<void>((resolve) => {
      watching.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        if (stdout.includes('"type":"step"')) resolve();
      });
    });
    expect(await place.here('set', 'away', 'learning_rate=1e-3')).toMatchObject({ code: 0, stdout: expect.stringMatching(/takes learning_rate = 0.001 from its next update on/) as string });
    expect(await place.here('set', 'away', 'weight_decay=0.1')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^workbench: `weight_decay` cannot change while it runs; learning_rate, max_steps/) as string });
    expect(await place.here('set', 'away', 'lora.r=3')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^workbench: `lora.r` cannot change while it runs; learning_rate, max_steps/) as string });
    expect(await place.here('set', 'away', 'learning_rat=1')).toMatchObject({ code: 2, stderr: expect.stringMatching(/did you mean `train.learning_rate`/) as string });
    expect(await place.run('sample', 'away')).toMatchObject({ code: 0, stderr: '' });
    expect((await place.run('stop', 'away')).code).toBe(0);
    expect(await new Promise((resolve) => watching.on('close', resolve))).toBe(130);
    const types = events(stdout).map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(['started', 'stopped']);
  });

  it('leaves nothing running behind', async () => {
    await expect.poll(() => readdirSync(join(place.home, 'sockets')), { timeout: 90_000 }).toEqual([]);
  });
});

describe('what was trained', () => {
  it('is evaluated, as the base is', async () => {
    const rows = join(repository, 'experiments', 'demo', 'reviews', 'validation.jsonl');
    const subjects = [['short'], ['short', '--base'], [base, '--format', 'classification']];
    const outcomes = await Promise.all(subjects.map((subject) => place.run('eval', ...subject, '--dataset', rows, '--set', 'dataset.max_samples=20', '--json')));
    const results = outcomes.map(({ code, stdout, stderr }) => {
      expect([code, stderr]).toEqual([0, '']);
      return JSON.parse(stdout) as { loss: number; perplexity: number };
    });
    for (const result of results) {
      expect(result).toMatchObject({ rows: 20, accuracy: expect.any(Number) as number });
      expect(result.perplexity).toBeCloseTo(Math.exp(result.loss), 6);
    }
    expect(results[1].loss).toBe(results[2].loss);
    expect(results[0].loss).toBeLessThan(results[1].loss);
  });

  it('is evaluated on the rows that its run set apart; a model has none', async () => {
    const { code, stdout, stderr } = await place.run('eval', 'short', '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 8 });
    expect(await place.run('eval', base)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/is a model, which has no evaluation rows of its own: say which with --dataset/) as string });
  });

  it('continues a text, the same for the same seed, and from its merged export too', async () => {
    const merged = join(place.folder, 'merged');
    expect(await place.here('export', 'short', '--format', 'merged', '--out', merged)).toEqual({ code: 0, stdout: `wrote ${merged}\n`, stderr: '' });
    const prompt = join(place.folder, 'prompt.txt');
    writeFileSync(prompt, 'The food was');
    const options = ['--max-new-tokens', '12', '--temperature', '0.8', '--seed', '3', '--json'];
    const outcomes = [await place.run('generate', 'short', ...options, '--prompt', 'The food was'), await place.run('generate', 'short', ...options, '--prompt-file', prompt), await place.run('generate', merged, ...options, '--prompt', 'The food was')];
    for (const { code, stderr } of outcomes) expect([code, stderr]).toEqual([0, '']);
    const [first, ...others] = outcomes.map(({ stdout }) => (JSON.parse(stdout) as { text: string }).text);
    expect(first).not.toBe('');
    expect(others).toEqual([first, first]);
  });

  it('is never written over something', async () => {
    const out = join(place.folder, 'full');
    expect((await place.here('export', 'short', '--format', 'peft', '--out', out)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['README.md', 'adapter_config.json', 'adapter_model.safetensors']);
    expect(await place.here('export', 'short', '--format', 'peft', '--out', out)).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('what an experiment will be', () => {
  it('shows rows as the model sees them', async () => {
    const { code, stdout, stderr } = await place.here('data', quickstart, ...short, '--rows', '2', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout) as { rows: { tokens: { trained: boolean }[] }[] };
    expect(report).toMatchObject({ train_rows: 24, eval_rows: 8, max_length: 128, rejected: [] });
    expect(report.rows).toHaveLength(2);
    for (const { tokens } of report.rows) expect(tokens.map(({ trained }) => trained).lastIndexOf(false)).toBeLessThan(tokens.length - 1);
    expect((await place.here('data', quickstart, ...short)).stdout).toMatch(/row 3 \(train\.jsonl:\d+\): \d+ tokens, \d+ learned\n[^«]*«(good|bad)»/);
  });

  it('is estimated', async () => {
    const { stdout } = await place.here('estimate', quickstart, ...short, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ steps: 2, effective_batch: 16, trainable_parameters: 55_296, fits: true });
    expect((await place.here('estimate', quickstart, ...short)).stdout).toMatch(/^memory .* available: fits$/m);
  });
});

describe('bad input: one sentence, exit code 2, nothing kept', () => {
  const strange = new Workplace();
  afterAll(() => strange.remove());

  it.each([
    ['no file', ['nowhere.yaml'], 'nowhere.yaml: cannot read the experiment file'],
    ['an unknown key', [quickstart, '--set', 'lora.rank=4'], 'there is no key `lora.rank`: did you mean `lora.r`?'],
    ['a value out of its limits', [quickstart, '--set', 'lora.r=0'], '`lora.r` is 0: it must be a whole number of at least 1'],
    ['no model', [quickstart, '--set', 'model=nowhere'], 'There is no model "nowhere"'],
  ])('%s', async (_, args, sentence) => {
    const { code, stdout, stderr } = await strange.here('train', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^workbench: [^\n]*\n$/);
  });

  it.each([
        ['a folder without config', [quickstart, '--set', `model=${join(repository, 'src')}`], 'is no model folder'],
    ['no dataset', [quickstart, '--set', 'dataset.path=nowhere.jsonl'], 'nowhere.jsonl: there is no such file'],
    ['another format', [quickstart, '--set', 'dataset.format=alpaca'], 'has no column "instruction"; it has text, label'],
    ['rows longer than the model holds', [quickstart, '--set', 'max_length=100000'], 'max_length is 100000, but the model was made for'],
    ['more than fits', [quickstart, '--set', 'lora.r=100000000'], /would need .* of memory and .* are available/],
  ])('%s: found as it is prepared', async (_, args, sentence) => {
    const { code, stdout, stderr } = await strange.run('train', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^workbench: [^\n]*\n$/);
  });

  it('a line that is no JSON, by its number', async () => {
    const rows = join(strange.folder, 'rows.jsonl');
    writeFileSync(rows, '{"text": "a", "label": "good"}\n{"text": "b", \n');
    const { code, stderr } = await strange.run('train', quickstart, '--set', `dataset.path=${rows}`);
    expect(code).toBe(2);
    expect(stderr).toContain(`${rows}:2`);
  });

  it('keeps no run of all that', async () => {
    expect(await strange.run('runs', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    const folder = join(strange.home, 'runs');
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  });
});
