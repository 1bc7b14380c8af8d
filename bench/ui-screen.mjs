/** The screen in a pseudo-terminal, watched from outside: when it draws, how much it writes, what it costs. */
import { readFileSync } from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import pty from '@lydell/node-pty';

const program = fileURLToPath(new URL('../bin/workbench', import.meta.url));
const patience = 30_000;

export class Screen {
  /** Everything it wrote. */
  output = '';
  #listeners = new Set();

  /** `node`: options of the runtime, as `--cpu-prof`. */
  constructor(home, { columns = 120, rows = 40, node = [] } = {}) {
    this.terminal = pty.spawn(process.execPath, [...node, program], { cols: columns, rows, env: { ...process.env, WORKBENCH_HOME: home, TERM: 'xterm-256color', LANG: 'C.UTF-8' } });
    this.terminal.onData((data) => {
      this.output += data;
      for (const listener of this.#listeners) listener();
    });
    this.ended = new Promise((resolve) => this.terminal.onExit(resolve));
  }

  /** Milliseconds from the writing of `keys` to a frame after it that has `text`; any frame without one. */
  async press(keys, text = '\u001b[?2026l') {
    const before = this.output.length;
    const start = performance.now();
    this.terminal.write(keys);
    await this.#until(() => this.output.includes(text, before), () => `no ${JSON.stringify(text)} after ${JSON.stringify(keys)}: ${this.output.slice(-2000)}`);
    return performance.now() - start;
  }

  async until(text) {
    await this.#until(() => this.output.includes(text), () => `no ${JSON.stringify(text)}: ${this.output.slice(-2000)}`);
  }

  #until(holds, sentence) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(new Error(sentence()))), patience);
      const check = () => holds() && finish(resolve);
      const finish = (end) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        end();
      };
      this.#listeners.add(check);
      check();
    });
  }

  /** Seconds of processor time so far; Linux alone tells. */
  cpuSeconds() {
    const [, after] = readFileSync(`/proc/${this.terminal.pid}/stat`, 'utf8').split(') ');
    const fields = after.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Resident, in bytes. */
  memory() {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.terminal.pid}/status`, 'utf8'))[1]) * 1024;
  }

  async close() {
    this.terminal.kill('SIGTERM');
    await this.ended;
  }
}
