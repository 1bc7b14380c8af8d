/** A session as a user has it: the program in a pseudo-terminal, a run that logs in another process. Runs what `npm run build` made. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { spawn } from '@lydell/node-pty';
import type { IPty } from '@lydell/node-pty';
import { afterEach, describe, expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let home = '';
let pty: IPty | null = null;
let writer: ChildProcess | null = null;

afterEach(() => {
  pty?.kill('SIGKILL');
  writer?.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

describe.skipIf(!existsSync(join(root, 'dist/ui/app.js')))('a live run in a terminal (needs `npm run build`)', () => {
  it('is watched, zoomed, looked at by dots, and left', async () => {
    home = mkdtempSync(join(tmpdir(), 'workbench-live-'));
    writer = fork(join(root, 'test/ui/live/logging-run.mjs'), [home], { cwd: root });
    await once(writer, 'message');
    const child = spawn(process.execPath, [join(root, 'bin/workbench')], { cols: 120, rows: 40, cwd: home, env: { ...process.env, WORKBENCH_HOME: home, NODE_ENV: 'production', CI: '', LANG: 'C.UTF-8' } });
    pty = child;
    let output = '';
    child.onData((data) => (output += data));
    const sees = (text: string | RegExp): Promise<void> => vi.waitFor(() => {
      if (stripVTControlCharacters(output).search(text) < 0) throw new Error(`${String(text)} did not appear in the last of\n${output.slice(-4000)}`);
    }, { timeout: 90_000, interval: 20 });
    const press = async (keys: string, text: string | RegExp): Promise<void> => {
      output = '';
      child.write(keys);
      await sees(text);
    };
    await sees('New run');
    await press('2', 'gradient norm');
    await sees(/\d+\/1,000/);
    await press('b', /[\u2801-\u28ff]/);
    await press('i', /eval {2}\d+–\d+/);
    await press('\t\t\t', '▸ ');
    await press('s', 'stop and save');
    await press('\u001b', 'pause');
    // What it logs goes on being drawn, and only what changed of the screen is written.
    output = '';
    await sees(/\d+\/1,000/);
    expect(output).not.toContain('Workbench');
    child.write('q');
    await sees('The run logging goes on');
  });
});
