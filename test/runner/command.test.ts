import { describe, expect, it } from 'vitest';
import { runCommand } from '../../src/runner/command.js';

const entry = new URL('./endless-command.mjs', import.meta.url);

describe('a command in a process of its own', () => {
  it('hands on what it says and how it ended', async () => {
    const said: string[] = [];
    const { signal } = new AbortController();
    expect(await runCommand(entry, { words: ['end', 'now'], width: 80 }, { env: process.env, signal, onText: (text) => said.push(text) })).toBe(2);
    expect(said).toEqual(['end now\n']);
  });

  it('is ended when nobody waits for it any more', async () => {
    const cancel = new AbortController();
    const running = runCommand(entry, { words: ['eval'], width: 80 }, { env: process.env, signal: cancel.signal, onText: () => cancel.abort() });
    await expect(running).rejects.toThrow('Cancelled.');
  });
});
