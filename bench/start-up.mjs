/** From the start of the process to the first frame of the screen, and to the end of small commands, in ms. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pty from '@lydell/node-pty';
import { median } from './report.mjs';

const program = fileURLToPath(new URL('../bin/workbench', import.meta.url));
const rounds = 7;
// What a terminal program writes before it draws: modes, colours, cursor moves.
// eslint-disable-next-line no-control-regex
const control = /\u001b\[[0-9;?<>=]*[ -/]*[@-~]|\u001b\][^\u0007]*\u0007|\u001b[=>78]|[\s\u0000-\u001f]/g;

/** `{ firstFrame, help, runs }`, medians; an empty home folder each time. */
export async function benchStartUp() {
  const firstFrame = await benchFirstFrame();
  const help = await repeated((env) => untilEnd(['--help'], env));
  const runs = await repeated((env) => untilEnd(['runs', '--json'], env));
  return { firstFrame, help, runs };
}

/** Median, in ms. */
export function benchFirstFrame() {
  return repeated((env) => untilFrame(env));
}

async function repeated(measure) {
  const times = [];
  for (let round = 0; round <= rounds; round++) {
    const home = mkdtempSync(join(tmpdir(), 'workbench-bench-home-'));
    const ms = await measure({ ...process.env, WORKBENCH_HOME: home, TERM: 'xterm-256color' });
    rmSync(home, { recursive: true, force: true });
    if (round > 0) times.push(ms); // the first one warms the disk cache
  }
  return median(times);
}

function untilFrame(env) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const terminal = pty.spawn(process.execPath, [program], { cols: 100, rows: 30, env });
    let drawn = null;
    let written = '';
    terminal.onData((data) => {
      written += data;
      if (drawn !== null || written.replace(control, '') === '') return;
      drawn = performance.now() - start;
      terminal.kill();
    });
    terminal.onExit(({ exitCode }) => (drawn === null ? reject(new Error(`the screen ended with ${exitCode} before it drew: ${written}`)) : resolve(drawn)));
  });
}

function untilEnd(args, env) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    spawn(process.execPath, [program, ...args], { env, stdio: 'ignore' })
      .once('error', reject)
      .once('close', (code) => (code === 0 ? resolve(performance.now() - start) : reject(new Error(`workbench ${args.join(' ')} ended with ${code}`))));
  });
}
