/** The program in a pseudo-terminal: what it does to the terminal, and that it gives it back. Runs what `npm run build` made. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import type { IPty } from '@lydell/node-pty';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { databasePath } from '../../src/store/folders.js';
import { openStore } from '../../src/store/store.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [entered, left] = ['\u001b[?1049h', '\u001b[?1049l'];

let home = '';
let pty: IPty | null = null;

afterEach(() => {
  pty?.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function open(file = process.execPath, args = [join(root, 'bin/workbench')], prepare: (home: string) => void = () => undefined): { output: () => string; ended: Promise<{ exitCode: number; signal?: number }>; until(text: string): Promise<void> } {
  home = mkdtempSync(join(tmpdir(), 'workbench-pty-'));
  prepare(home);
  const child = spawn(file, args, { cols: 80, rows: 24, cwd: root, env: { ...process.env, WORKBENCH_HOME: home, NODE_ENV: '', CI: '' } });
  pty = child;
  let output = '';
  child.onData((data) => (output += data));
  const ended = new Promise<{ exitCode: number; signal?: number }>((resolve) => child.onExit(resolve));
  return { output: () => output, ended, until: (text) => vi.waitFor(() => expect(output).toContain(text), { timeout: 90_000, interval: 10 }) };
}

describe.skipIf(!existsSync(join(root, 'dist/ui/app.js')))('the terminal (needs `npm run build`)', () => {
  it('is entered, drawn in synchronized updates, and given back on q', async () => {
    const { output, ended, until } = open();
    await until('1 New');
    expect(output().indexOf(entered)).toBeLessThan(output().indexOf('1 New'));
    expect(output()).toContain('\u001b[?2026h');
    pty!.write('3');
    await until('No runs yet');
    pty!.write('q');
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect(output().indexOf(left)).toBeGreaterThan(output().lastIndexOf('\u001b[?2026l'));
    expect(output()).toContain('\u001b[?25h');
  });

  it('is given back when the process is told to end', async () => {
    const { output, ended, until } = open();
    await until('1 New');
    pty!.kill('SIGTERM');
    await ended;
    expect(output()).toContain(left);
  });

  it('is given back to the shell by Ctrl-Z, and taken again by fg', async () => {
    const { output, until } = open('bash', ['--norc', '-i']);
    pty!.write(`${process.execPath} ${join(root, 'bin/workbench')}\r`);
    await until('finetuning'); // the services are there
    pty!.write('\u001a');
    await until('Stopped');
    expect(output()).toContain(left);
    const before = output().length;
    pty!.write('fg\r');
    await vi.waitFor(() => expect(output().indexOf('Workbench', output().indexOf(entered, before))).toBeGreaterThan(before), { timeout: 90_000, interval: 10 });
  });

  it('is taken again after Ctrl-Z where no shell could continue it', async () => {
    const { output, until } = open();
    await until('finetuning');
    pty!.write('\u001a');
    await until(left);
    const before = output().lastIndexOf(left);
    await vi.waitFor(() => expect(output().indexOf('Workbench', output().indexOf(entered, before))).toBeGreaterThan(before), { timeout: 90_000, interval: 10 });
  });

  it('stays open over a store that somebody holds, says so, and goes on when it is free', async () => {
    const held: Database.Database[] = [];
    const { until } = open(undefined, undefined, (folder) => {
      const store = openStore(folder);
      const { id } = store.createRun({ name: 'orphan', config: parseExperiment({ model: 'm', dataset: { path: 'd' } }) });
      store.claim(id, { pid: 1, startTime: '0', bootId: 'an earlier one' });
      store.close();
      held.push(new Database(databasePath(folder)));
      held[0].exec('BEGIN IMMEDIATE');
    });
    await until('is locked by another');
    pty!.write('3');
    await until('orphan');
    held[0].close();
    await until('crashed');
  });

  it('is drawn while a question to the store takes long, which Esc ends', async () => {
    const { until } = open();
    await until('finetuning');
    pty!.write(':');
    await until('A command; Tab completes');
    pty!.write('sql with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n\r');
    await until(' cancel');
    pty!.write('\u001b');
    await until('Cancelled.');
  });

  it('is given back when a component throws, with the stack behind it', async () => {
    const fault = `const { segment } = Intl.Segmenter.prototype; Intl.Segmenter.prototype.segment = function (text) { if (text.includes('映')) throw new Error('a component is broken'); return segment.call(this, text); };`;
    const program = `${process.execPath} --import 'data:text/javascript,${encodeURIComponent(fault).replaceAll("'", '%27')}' ${join(root, 'bin/workbench')}`;
    const { output, ended, until } = open('bash', ['--norc', '-c', `${program}; echo "code $?"; stty -a`]);
    await until('finetuning');
    pty!.write(':映');
    expect(await ended).toMatchObject({ exitCode: 0 });
    const after = output().slice(output().lastIndexOf(left));
    expect(output().lastIndexOf('\u001b[?25h')).toBeGreaterThan(output().lastIndexOf('\u001b[?25l'));
    expect(after).toMatch(/Error: a component is broken[^]* at [^]*this is a bug[^]*code 70[^]* icanon/);
  });

  it('is given back when the line is cut', async () => {
    const { output, ended, until } = open();
    await until('1 New');
    process.kill(pty!.pid, 'SIGHUP');
    await ended;
    expect(output()).toContain(left);
  });

  it('is drawn anew for its new size', async () => {
    const { until } = open();
    await until('1 New');
    pty!.resize(50, 12);
    await until('Window too small (50x12)');
    pty!.write('q');
  });
});
