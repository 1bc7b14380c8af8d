/** The program as a user runs it: `bin/workbench` on what the build made, in a home of its own. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn as pseudoTerminal } from '@lydell/node-pty';
import { explain } from '../../src/cli/explain.js';
import { buildProgram } from '../../src/cli/program.js';
import { memoryTerminal } from './samples.js';

export const repository = fileURLToPath(new URL('../../', import.meta.url));
const program = join(repository, 'bin', 'workbench');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'workbench-cli-'));
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;

  constructor(home?: string) {
    this.home = home ?? join(this.folder, 'home');
    this.env = { PATH: process.env['PATH'], HOME: this.folder, LANG: 'C.UTF-8', WORKBENCH_HOME: this.home };
  }

  /** Runs a command to its end. Colour would be a mistake: stdout is a pipe. */
  run(...args: string[]): Promise<Outcome> {
    return this.runUnder([], ...args);
  }

  /** The same command in this process: a hundredth of the time, where what is tested is not the process. */
  async here(...args: string[]): Promise<Outcome> {
    const terminal = memoryTerminal({ env: { ...this.env } });
    const before = process.exitCode;
    process.exitCode = undefined;
    const failed = await buildProgram(terminal).parseAsync(args, { from: 'user' }).then(() => null, (error: unknown) => explain(error, terminal));
    const code = failed ?? Number(process.exitCode ?? 0);
    process.exitCode = before;
    return { code, stdout: terminal.out.join(''), stderr: terminal.err.join('') };
  }

  /** The same through another program, such as `prlimit --as=…`. */
  runUnder(wrapper: readonly string[], ...args: string[]): Promise<Outcome> {
    const [command, ...rest] = [...wrapper, process.execPath, program, ...args];
    return new Promise((resolve) => {
      const child = execFile(command, rest, { cwd: this.folder, env: this.env, maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      });
      child.stdin?.end();
    });
  }

  /** What is seen of a command at a terminal that is answered when it asks. */
  async answer(answer: string, ...args: string[]): Promise<string> {
    const pty = pseudoTerminal(process.execPath, [program, ...args], { cols: 200, rows: 30, cwd: this.folder, env: { ...this.env } });
    let output = '';
    pty.onData((data) => {
      if (!output.includes('[y/N]') && (output + data).includes('[y/N]')) pty.write(answer);
      output += data;
    });
    await new Promise((resolve) => pty.onExit(resolve));
    return output;
  }

  start(...args: string[]) {
    return spawn(process.execPath, [program, ...args], { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
