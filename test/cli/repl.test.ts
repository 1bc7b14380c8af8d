/** The prompt in a pseudo-terminal. Runs what `npm run build` made. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { repository } from './workbench.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-repl-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.skipIf(!existsSync(join(repository, 'dist/cli/repl.js')))('the prompt (needs `npm run build`)', () => {
  it('runs every line of many that are pasted, in their order', async () => {
    const pty = spawn(process.execPath, [join(repository, 'bin/workbench'), 'repl'], { cols: 200, rows: 50, env: { ...process.env, WORKBENCH_HOME: home } });
    let output = '';
    pty.onData((data) => (output += data));
    const ended = new Promise((resolve) => pty.onExit(resolve));
    await vi.waitFor(() => expect(output).toContain('workbench> '), { timeout: 90_000, interval: 10 });
    const words = Array.from({ length: 14 }, (_, i) => `said${i}`);
    pty.write(`${words.map((word) => `sql select '${word}' || '!'`).join('\r')}\rquit\r`);
    await ended;
    expect([...output.matchAll(/^(said\d+)!/gm)].map(([, word]) => word)).toEqual(words);
    expect(output).not.toContain('MaxListeners');
  });
});
