/** What becomes of a run when its terminal, its session or its machine goes: real screens in real terminals, a real sshd. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { spawn as openTerminal, type IPty } from '@lydell/node-pty';
import { afterAll, expect, it, vi } from 'vitest';
import type { RunRecord } from '../../src/store/rows.js';
import { openStore } from '../../src/store/store.js';
import { repository, Workplace } from '../cli/workbench.js';

const place = new Workplace();
const program = join(repository, 'bin', 'workbench');
const quickstart = join(repository, 'experiments', 'quickstart.yaml');
const soon = { timeout: 90_000, interval: 100 };
const open: (IPty | ChildProcess)[] = [];

const runs = async () => JSON.parse((await place.here('runs', '--json')).stdout) as RunRecord[];
const run = async (name: string) => (await runs()).find((each) => each.name === name)!;
const endless = (name: string) => ['train', quickstart, '--name', name, ...['train.max_steps=100000', 'train.eval_on_start=false', 'train.eval_steps=0', 'train.save_steps=50', 'max_length=32'].flatMap((each) => ['--set', each])];

function terminal(...args: string[]): { pty: IPty; seen(): string } {
  const pty = openTerminal(process.execPath, [program, ...args], { cols: 120, rows: 40, cwd: place.folder, env: { ...place.env, TERM: 'xterm-256color' } });
  let text = '';
  pty.onData((data) => (text += data));
  open.push(pty);
  return { pty, seen: () => text };
}

afterAll(async () => {
  for (const { id, state } of await runs()) if (state === 'running' || state === 'paused' || state === 'queued') await place.run('kill', id);
  for (const each of open) each.kill('SIGKILL');
  await vi.waitFor(async () => expect((await runs()).filter(({ state }) => state === 'running')).toEqual([]), soon);
  place.remove();
}, 180_000);

async function goesOn(name: string): Promise<void> {
  const { step } = await run(name);
  await expect.poll(async () => (await run(name)).step > step, soon).toBe(true);
  expect(await run(name)).toMatchObject({ state: 'running' });
}

it('SIGHUP to the terminal, kill -9 of the screens, and two of them at one run', { timeout: 180_000 }, async () => {
  const watching = terminal(...endless('hung up'));
  await expect.poll(async () => (await run('hung up'))?.step > 0, soon).toBe(true);
  watching.pty.kill('SIGHUP');
  await goesOn('hung up');

  const screens = [terminal(), terminal()];
  for (const { seen } of screens) await expect.poll(() => seen().includes('hung up'), soon).toBe(true);
  const { id } = await run('hung up');
  expect(await place.run('pause', id)).toMatchObject({ code: 0 });
  for (const { seen } of screens) await expect.poll(() => seen().includes('paused'), soon).toBe(true);
  expect(await place.run('continue', id)).toMatchObject({ code: 0 });
  for (const { pty } of screens) process.kill(pty.pid, 'SIGKILL');
  await goesOn('hung up');
});

it('a machine that sleeps: stopped and continued, nothing is said to have crashed', async () => {
  const { id } = await run('hung up');
  const store = openStore(place.home);
  const { pid } = store.processOf(id)!;
  store.close();
  process.kill(pid, 'SIGSTOP');
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1'), soon).toMatch(/\) T /); // all of its threads have to come to rest
  expect(await run('hung up')).toMatchObject({ state: 'running' });
  process.kill(pid, 'SIGCONT');
  await goesOn('hung up');
});

const faketime = '/usr/bin/faketime';
it.skipIf(!existsSync(faketime))('a clock that is set days back or forward while a run goes on changes nothing (needs faketime)', async () => {
  for (const jump of ['-3d', '+3d']) {
    const { stdout } = await place.runUnder([faketime, '-f', jump], 'runs', '--json');
    expect((JSON.parse(stdout) as RunRecord[]).find(({ name }) => name === 'hung up')).toMatchObject({ state: 'running' });
    const { id } = await run('hung up');
    expect(await place.runUnder([faketime, '-f', jump], 'pause', id)).toMatchObject({ code: 0 });
    expect(await place.run('continue', id)).toMatchObject({ code: 0 });
    await goesOn('hung up');
  }
});

it('what was cut off is offered, and goes on from its checkpoint by one command', { timeout: 120_000 }, async () => {
  await expect.poll(async () => (await run('hung up')).checkpoints.length, soon).toBeGreaterThan(0);
  const { id } = await run('hung up');
  const store = openStore(place.home);
  const { pid } = store.processOf(id)!;
  store.close();
  process.kill(pid, 'SIGKILL');
  await expect.poll(async () => (await run('hung up')).state, soon).toBe('crashed');
  expect((await place.run('queue', 'start')).stderr).toContain('1 run was cut off; have it go on with: workbench resume --interrupted');
  const { seen } = terminal();
  await expect.poll(() => seen().includes('was cut off'), soon).toBe(true);
  expect((await place.run('resume', '--interrupted')).stdout).toMatch(/^hung up \(\w+\) goes on from step \d+; it was cut off at step \d+: .*killed/);
  await expect.poll(async () => (await run('hung up')).state, soon).toBe('running');
  expect((await place.run('resume', '--interrupted')).stderr).toContain('No run was cut off');
  expect((await place.run('kill', id)).code).toBe(0);
});

const other = 65534;
it.skipIf(userInfo().uid !== 0 || !existsSync('/usr/bin/setpriv'))('two users with one home: the second is told so (needs root and setpriv)', async () => {
  chmodSync(place.folder, 0o755);
  chmodSync(place.home, 0o777);
  const refused = await place.runUnder(['setpriv', `--reuid=${other}`, '--clear-groups'], 'runs');
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: `workbench: ${place.home} is the home of another user (number 0): set WORKBENCH_HOME to a folder of your own\n` });
  chmodSync(place.home, 0o700);
  const locked = join(place.folder, 'locked');
  mkdirSync(locked, { mode: 0o555 });
  execFileSync('chown', [String(other), locked]);
  const { stderr, code } = await new Workplace(join(locked, 'home')).runUnder(['setpriv', `--reuid=${other}`, '--clear-groups'], 'runs');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^workbench: the store .* cannot be read and written: mend its permissions, or set WORKBENCH_HOME to another folder/)]);
});

const sshd = '/usr/sbin/sshd';
it.skipIf(!existsSync(sshd) || userInfo().uid !== 0)('an ssh session that is cut: the run goes on, and another attaches (needs sshd and root)', { timeout: 180_000 }, async () => {
  const at = (name: string) => join(place.folder, name);
  for (const key of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
  const port = await freePort();
  writeFileSync(at('sshd.conf'), `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${at('host')}\nAuthorizedKeysFile ${at('user.pub')}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n`);
  mkdirSync('/run/sshd', { recursive: true });
  const daemon = spawn(sshd, ['-D', '-e', '-f', at('sshd.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  open.push(daemon);
  let said = '';
  daemon.stderr.on('data', (data: Buffer) => (said += data.toString()));
  await expect.poll(() => said.includes('listening'), soon).toBe(true);
  const quoted = [`WORKBENCH_HOME=${place.home}`, process.execPath, program, ...endless('over ssh')].map((word) => `'${word}'`).join(' ');
  const client = spawn('ssh', ['-tt', '-p', String(port), '-i', at('user'), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '127.0.0.1', `env ${quoted}`], { stdio: 'ignore' });
  open.push(client);
  await expect.poll(async () => (await run('over ssh'))?.step > 0, soon).toBe(true);
  client.kill('SIGKILL');
  await goesOn('over ssh');
  daemon.kill('SIGKILL');
  const { seen } = terminal('attach', 'over ssh');
  await expect.poll(() => seen().includes('over ssh') && seen().includes('loss'), soon).toBe(true);
  await goesOn('over ssh');
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
