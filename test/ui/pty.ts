/** The program in a real pseudo-terminal, seen through a terminal emulator. Runs what `npm run build` made. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { vi } from 'vitest';
import { widthOf } from '../../src/ui/format/text.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const isBuilt = existsSync(join(root, 'dist/ui/app.js'));

export const keys = { enter: '\r', esc: '\u001b', tab: '\t', up: '\u001b[A', down: '\u001b[B', left: '\u001b[D', right: '\u001b[C', ctrlL: '\f', ctrlP: '\u0010' } as const;

/** Forgets nothing: the bytes, and the window as it stands after them. */
export class PtyScreen {
  readonly home: string;
  readonly #pty;
  readonly #emulator;
  #output = '';
  /** Characters of the output that the emulator has taken in. */
  #seen = 0;
  readonly ended: Promise<{ exitCode: number; signal?: number }>;
  hasEnded = false;

  constructor({ home = mkdtempSync(join(tmpdir(), 'workbench-pty-')), columns = 100, rows = 30, cwd = root, env = {} as Record<string, string> } = {}) {
    this.home = home;
    this.#emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#pty = spawn(process.execPath, [join(root, 'bin/workbench')], { cols: columns, rows, cwd, env: { ...process.env, WORKBENCH_HOME: home, NODE_ENV: '', CI: '', LANG: 'C.UTF-8', TERM: 'xterm-256color', ...env } });
    this.#pty.onData((data) => {
      this.#output += data;
      this.#emulator.write(data, () => (this.#seen += data.length));
    });
    this.ended = new Promise((resolve) => this.#pty.onExit((end) => {
      this.hasEnded = true;
      resolve(end);
    }));
  }

  get output(): string {
    return this.#output;
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#emulator.cols, rows: this.#emulator.rows };
  }

  /** The window, a line a row, as wide as what is in it. */
  lines(): string[] {
    const { active } = this.#emulator.buffer;
    return Array.from({ length: this.#emulator.rows }, (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '');
  }

  press(...pressed: string[]): void {
    for (const key of pressed) this.#pty.write(key);
  }

  /** Resolves when it is drawn for the new size. */
  async resize(columns: number, rows: number): Promise<void> {
    this.#emulator.resize(columns, rows);
    this.#pty.resize(columns, rows);
    await vi.waitFor(() => {
      const torn = tears(this.lines(), this.size);
      const small = this.lines().join(' ').includes(`Window too small (${columns}x${rows})`);
      if (torn.length > 0 || this.lines().join(' ').includes('Window too small') !== small) throw new Error(`it is not drawn for ${columns}x${rows}: ${torn.join('\n')}`);
    }, { timeout: 90_000, interval: 5 });
  }

  signal(name: string): void {
    this.#pty.kill(name);
  }

  async until(...texts: string[]): Promise<void> {
    await vi.waitFor(() => {
      const shown = this.lines().join('\n');
      for (const text of texts) if (!shown.includes(text)) throw new Error(`"${text}" did not appear in\n${shown}`);
    }, { timeout: 90_000, interval: 10 });
  }

  /** Until all keys before are done: Ctrl-L draws the whole frame anew, whatever is open. */
  async settle(): Promise<void> {
    const before = this.#output.length;
    this.press(keys.ctrlL);
    let asked = performance.now();
    await vi.waitFor(() => {
      if (this.hasEnded) return;
      const cleared = this.#output.indexOf('\u001b[2J', before);
      if (cleared < 0 || !this.#output.includes('\u001b[?2026l', cleared)) {
        // Right behind an escape it is another key.
        if (performance.now() - asked > 1000) {
          this.press(keys.ctrlL);
          asked = performance.now();
        }
        throw new Error(`it did not draw:\n${this.lines().join('\n')}`);
      }
      if (this.#output.lastIndexOf('\u001b[?2026h') > this.#output.lastIndexOf('\u001b[?2026l')) throw new Error('it is drawing');
      if (this.#seen < this.#output.length) throw new Error('the emulator is behind');
    }, { timeout: 90_000, interval: 2 });
  }

  async close(): Promise<void> {
    if (!this.hasEnded) this.#pty.kill('SIGKILL');
    await this.ended;
    this.#emulator.dispose();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** What is wrong with a settled frame: a part that is missing, or a row of a pane that does not reach from edge to edge. */
export function tears(lines: readonly string[], { columns }: { readonly columns: number }): string[] {
  const [first] = lines;
  if (first.includes('Window too small')) return [];
  const cut = lines.filter((text) => /^[│┌└]/.test(text) && (widthOf(text) !== columns || !/[│┐┘]$/.test(text)));
  return [...(first.startsWith(' Workbench') ? [] : ['the header is missing']), ...(lines.at(-1) === '' ? ['the footer is missing'] : []), ...cut.map((text) => `cut: ${text}`)];
}
