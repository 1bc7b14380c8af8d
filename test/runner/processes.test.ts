/** Real processes, real signals, a real store; only the training is a story told by `fixtures/worker.mjs`. */
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { runSocket, supervisorSocket } from '../../src/runner/address.js';
import { control, kill, reconcile, startRun } from '../../src/runner/client.js';
import { runForeground } from '../../src/runner/foreground.js';
import { isAlive, ownIdentity } from '../../src/runner/identity.js';
import { runProcess } from '../../src/runner/run.js';
import { databasePath, runFolder } from '../../src/store/folders.js';
import { takeLock } from '../../src/store/lock.js';
import type { RunRecord } from '../../src/store/rows.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store.js';

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);
const built = new URL('../../dist/runner/run-process.js', import.meta.url);
const entries = { supervisor: fixture('supervisor.mjs'), run: fixture('run-process.mjs') };
const soon = { timeout: 90_000, interval: 20 };
/** So many steps that only a test ends it. */
const endless = 100_000;

let home: string;
let store: Store;
const commands: ChildProcess[] = [];

beforeAll(() => {
  if (!existsSync(new URL('../../dist/runner/run.js', import.meta.url))) throw new Error('run `npm run build` first: the processes are started from dist');
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-runner-'));
  store = openStore(home);
});
afterEach(async () => {
  for (const command of commands.splice(0)) command.kill('SIGKILL');
  for (const id of store.queue()) store.cancel(id, 'the test is over');
  for (const id of reconcile(home)) await kill(home, id);
  await supervisorGone();
  await expect.poll(() => store.runs().filter(({ id }) => hasProcess(id)), soon).toEqual([]); // one that has said its end writes its last
  store.close();
  rmSync(home, { recursive: true });
});

function create(name: string, max_steps: number): string {
  return store.createRun({ name, config: parseExperiment({ name, model: 'm', dataset: { path: 'd' }, train: { max_steps } }) }).id;
}

function command(script: string, runId: string): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  const child = spawn(process.execPath, [fileURLToPath(fixture(script)), home, runId], { stdio: ['ignore', 'pipe', 'inherit'] });
  commands.push(child);
  return child;
}

function hasProcess(runId: string): boolean {
  const process = store.processOf(runId);
  return process !== null && isAlive(process);
}

function until(runId: string, wanted: (run: RunRecord) => boolean): Promise<unknown> {
  return expect.poll(() => wanted(store.run(runId)), soon).toBe(true);
}

/** The lock is free once the last supervisor is gone. */
async function supervisorGone(of = home): Promise<void> {
  await expect.poll(() => {
    const lock = takeLock(join(of, 'supervisor.lock'));
    lock?.release();
    return lock !== null;
  }, soon).toBe(true);
}

function supervisors(): string[] {
  return [...new Set(readFileSync(join(home, 'supervisor.log'), 'utf8').match(/supervisor \d+: listens/g))];
}

/** In a container nobody may collect what has ended. */
function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/status`, 'utf8').includes('State:\tZ');
}

function pidIn(line: string): number {
  return Number(/\d+/.exec(line)![0]);
}

describe('a detached run', () => {
  it('completes after its command was killed, and leaves nothing behind', async () => {
    const id = create('goes on', 60);
    const client = command('client.mjs', id);
    await once(client.stdout, 'data');
    client.kill('SIGKILL');
    await once(client, 'exit');
    await until(id, ({ state }) => state === 'completed');
    expect(store.run(id)).toMatchObject({ reason: null, step: 60, train_loss: 1 / 60, output: runFolder(home, id) });
    expect(store.metrics(id, ['loss'])).toHaveLength(60);
    await supervisorGone();
    expect(readdirSync(join(home, 'sockets'))).toEqual([]);
    expect(store.processOf(id)).toBeNull();
    await expect.poll(() => runs(pidIn(supervisors()[0])), soon).toBe(false);
  });

  it('writes its configuration, a line a step, and its log', async () => {
    const id = create('writes', 3);
    await startRun(home, id, entries);
    await until(id, ({ state }) => state === 'completed');
    const read = (name: string) => readFileSync(join(runFolder(home, id), name), 'utf8');
    expect(read('experiment.yaml')).toContain('max_steps: 3');
    const lines = read('trainer_log.jsonl').trim().split('\n').map((line) => JSON.parse(line) as object);
    expect(lines).toHaveLength(3);
    expect(lines[1]).toEqual({
      current_steps: 2, total_steps: 3, loss: 0.5, eval_loss: null, learning_rate: 1, grad_norm: 1, epoch: 2 / 3, percentage: 66.67, elapsed_time: 2, remaining_time: 1, throughput: 1, total_tokens: 2,
    });
    expect(read('run.log')).toContain('the story of writes');
  });

  it('is only for its user: sockets 0600 in a folder 0700', async () => {
    const id = create('private', endless);
    await startRun(home, id, entries);
    await until(id, ({ step }) => step > 0);
    expect(statSync(join(home, 'sockets')).mode & 0o777).toBe(0o700);
    for (const path of [supervisorSocket(home), runSocket(home, id)]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has sockets even in a home whose path is too long for them', async () => {
    const long = join(home, 'x'.repeat(120));
    const other = openStore(long);
    const { id } = other.createRun({ name: 'far away', config: parseExperiment({ name: 'far away', model: 'm', dataset: { path: 'd' }, train: { max_steps: endless } }) });
    await startRun(long, id, entries);
    await expect.poll(() => other.run(id).step > 0, soon).toBe(true);
    await control(long, id, 'stop');
    await expect.poll(() => other.run(id).state, soon).toBe('stopped');
    await supervisorGone(long);
    other.close();
    rmSync(dirname(supervisorSocket(long)), { recursive: true });
  });
});

describe('controls', () => {
  it('pause, continue, save and stop, each of them on record', async () => {
    const id = create('controlled', endless);
    await startRun(home, id, entries);
    await until(id, ({ state }) => state === 'running');
    await control(home, id, 'pause');
    await until(id, ({ state }) => state === 'paused');
    await control(home, id, 'continue');
    await until(id, ({ state }) => state === 'running');
    await control(home, id, 'save');
    await expect.poll(() => store.samples(id).length, soon).toBe(1);
    await control(home, id, 'stop');
    await until(id, ({ state }) => state === 'stopped');
    expect(store.run(id).reason).toBe('by hand');
    expect(store.history(id).filter(({ type }) => type === 'control').map(({ details }) => details.control)).toEqual(['pause', 'continue', 'save', 'stop']);
    await supervisorGone();
    await expect(control(home, id, 'pause')).rejects.toThrow(/is stopped: there is nothing to pause/);
  });

  it('stop a run that waits, which then never begins', async () => {
    const first = create('first', endless);
    const second = create('second', 3);
    await startRun(home, first, entries);
    await startRun(home, second, entries);
    await until(first, ({ state }) => state === 'running');
    await expect(control(home, second, 'save')).rejects.toThrow(/has not begun: until then it can only be stopped/);
    await control(home, second, 'stop');
    expect(store.run(second)).toMatchObject({ state: 'stopped', reason: 'stopped before it began', started_at: null });
    await control(home, first, 'stop');
    await supervisorGone();
    expect(store.run(second).step).toBe(0);
  });

  it('stop a run that still reads its data, at once', async () => {
    const id = create('reads', 3);
    await startRun(home, id, entries);
    await until(id, ({ state }) => state === 'running');
    await control(home, id, 'stop');
    await until(id, ({ state }) => state === 'stopped');
    expect(store.run(id)).toMatchObject({ reason: 'stopped before it began', step: 0, total_steps: null });
    expect(store.history(id).some(({ type }) => type === 'failed')).toBe(false);
    await supervisorGone();
  });

  it('a kind signal is a stop', async () => {
    const id = create('signalled', endless);
    await startRun(home, id, entries);
    await until(id, ({ step }) => step > 0);
    process.kill(store.processOf(id)!.pid, 'SIGHUP');
    process.kill(store.processOf(id)!.pid, 'SIGTERM');
    await until(id, ({ state }) => state === 'stopped');
    expect(store.run(id).reason).toBe('stopped from outside (SIGTERM)');
  });

  it('kill ends it at once, and says by whom', async () => {
    const id = create('killed by hand', endless);
    await startRun(home, id, entries);
    await until(id, ({ step }) => step > 0);
    expect(await kill(home, id)).toMatchObject({ state: 'stopped', reason: 'killed by the user' });
    await expect(kill(home, id)).rejects.toThrow(/it has no process to kill/);
  });
});

describe('the queue', () => {
  it('has one supervisor for many starts at once, runs one at a time, and goes on after a failure', async () => {
    const ids = [create('a', 5), create('breaks', 5), create('c', 5), create('d', 5)];
    await Promise.all(ids.map((id) => startRun(home, id, entries)));
    for (const id of ids) await until(id, ({ ended_at }) => ended_at !== null);
    expect(store.run(ids[1])).toMatchObject({ state: 'failed', reason: 'the training thread broke: it broke' });
    const runs = ids.map((id) => store.run(id)).sort((a, b) => a.started_at!.localeCompare(b.started_at!));
    for (let i = 1; i < runs.length; i++) expect(runs[i].started_at! >= runs[i - 1].ended_at!).toBe(true);
    await supervisorGone();
    expect(supervisors()).toHaveLength(1);
    expect(readFileSync(join(home, 'supervisor.log'), 'utf8')).toContain('nothing is left to do');
  });

  it('is taken over when the supervisor is killed: the run goes on, and the next waits for it', async () => {
    const first = create('orphan', endless);
    await startRun(home, first, entries);
    await until(first, ({ step }) => step > 0);
    process.kill(pidIn(supervisors()[0]), 'SIGKILL');
    await supervisorGone();
    expect(existsSync(supervisorSocket(home))).toBe(true); // left by the dead one
    const second = create('second', 3);
    await startRun(home, second, entries);
    expect(supervisors()).toHaveLength(2);
    const [greeting] = (await once(fork(fileURLToPath(fixture('supervisor.mjs')), [home]), 'message')) as [object];
    expect(greeting).toEqual({ type: 'taken' });
    expect(supervisors()).toHaveLength(2);
    const step = store.run(first).step;
    await until(first, (run) => run.step > step + 5);
    expect(store.run(second).state).toBe('queued');
    await control(home, first, 'stop');
    await until(second, ({ state }) => state === 'completed');
    expect(store.run(first).state).toBe('stopped');
  });
});

describe('the queue, with room for two', () => {
  it('runs two at once, the third when one has ended', async () => {
    store.setParallel(2);
    const [first, second, third] = ['one', 'two', 'three'].map((name) => create(name, endless));
    for (const id of [first, second, third]) await startRun(home, id, entries);
    await until(first, ({ step }) => step > 0);
    await until(second, ({ step }) => step > 0);
    expect(store.run(third).state).toBe('queued');
    await control(home, first, 'stop');
    await until(third, ({ step }) => step > 0);
    expect(store.run(second).state).toBe('running');
    for (const id of [second, third]) await control(home, id, 'stop');
    for (const id of [second, third]) await until(id, ({ state }) => state === 'stopped');
  });
});

describe('the truth', () => {
  it('a run process that is killed is crashed, with the reason', async () => {
    const id = create('killed', endless);
    await startRun(home, id, entries);
    await until(id, ({ step }) => step > 0);
    const process_ = store.processOf(id)!;
    expect(isAlive(process_)).toBe(true);
    expect(isAlive({ ...process_, startTime: '1' })).toBe(false);
    expect(isAlive({ ...process_, bootId: 'other' })).toBe(false);
    process.kill(process_.pid, 'SIGKILL');
    await until(id, ({ state }) => state === 'crashed');
    await expect.poll(() => store.run(id).reason, soon).toMatch(/^killed \(SIGKILL\) by hand, or out of memory/);
    expect(existsSync(runSocket(home, id))).toBe(false);
  });

  it('native code that crashes takes one run and nothing else', async () => {
    const id = create('segfault', endless);
    await startRun(home, id, entries);
    await until(id, ({ step }) => step > 0);
    process.kill(store.processOf(id)!.pid, 'SIGSEGV');
    await expect.poll(() => store.run(id).reason, soon).toBe('native code crashed (SIGSEGV): run.log has what it said');
  });

  it('a thread that ends without a word has failed', async () => {
    const id = create('silent', 5);
    await startRun(home, id, entries);
    await until(id, ({ state }) => state === 'failed');
    expect(store.run(id).reason).toBe('the training thread ended without a word: see run.log');
  });

  it('is found out when run and supervisor died together', async () => {
    const id = create('both', endless);
    await startRun(home, id, entries);
    await until(id, ({ step }) => step > 0);
    process.kill(pidIn(supervisors()[0]), 'SIGKILL');
    process.kill(store.processOf(id)!.pid, 'SIGKILL');
    await expect.poll(() => reconcile(home), soon).toEqual([]);
    expect(store.run(id)).toMatchObject({ state: 'crashed', reason: 'its process is gone and nobody saw how: most likely killed' });
    expect(store.processOf(id)).toBeNull();
  });

  it('a supervisor outlives a record that it cannot write at first, and what the engine left goes', async () => {
    const first = create('first', endless);
    const second = create('second', 3);
    for (const id of [first, second]) await startRun(home, id, entries);
    await until(first, ({ step }) => step > 0);
    const engine = join(runFolder(home, first), 'engine');
    mkdirSync(engine);
    writeFileSync(join(engine, 'weights.bin'), 'large');
    const other = new Database(databasePath(home));
    other.exec("CREATE TRIGGER held BEFORE UPDATE OF state ON runs WHEN NEW.state = 'crashed' BEGIN SELECT RAISE(ABORT, 'not yet'); END");
    process.kill(store.processOf(first)!.pid, 'SIGKILL');
    await expect.poll(() => readFileSync(join(home, 'supervisor.log'), 'utf8'), soon).toContain('tries again: not yet');
    other.exec('DROP TRIGGER held');
    other.close();
    await until(second, ({ state }) => state === 'completed');
    expect(store.run(first).state).toBe('crashed');
    expect(existsSync(engine)).toBe(false);
    expect(supervisors()).toHaveLength(1);
  });

  it('a supervisor that is stopped and goes on has missed nothing', async () => {
    const [first, second] = [create('first', endless), create('second', 3)];
    for (const id of [first, second]) await startRun(home, id, entries);
    await until(first, ({ step }) => step > 0);
    const supervisor = pidIn(supervisors()[0]);
    process.kill(supervisor, 'SIGSTOP');
    process.kill(store.processOf(first)!.pid, 'SIGKILL');
    await expect.poll(() => reconcile(home), soon).toEqual([]);
    expect(store.run(first).state).toBe('crashed');
    expect(store.run(second).state).toBe('queued');
    process.kill(supervisor, 'SIGCONT');
    await until(second, ({ state }) => state === 'completed');
    expect(store.run(first).reason).toMatch(/^killed \(SIGKILL\)/); // it saw how
    expect(supervisors()).toHaveLength(1);
  });

  it('a process that has the number of a dead one is not taken for it, nor killed', async () => {
    const id = create('number again', 5);
    store.claim(id, { ...ownIdentity(), startTime: '1' });
    await expect(kill(home, id)).rejects.toThrow(/is crashed: it has no process to kill/);
    expect(store.run(id)).toMatchObject({ state: 'crashed', reason: 'its process is gone and nobody saw how: most likely killed' });
  });

  it('knows a restart of the machine by its boot id', () => {
    const id = create('power loss', 5);
    store.claim(id, { pid: process.pid, startTime: '1', bootId: 'an earlier one' });
    expect(reconcile(home)).toEqual([]);
    expect(store.run(id)).toMatchObject({ state: 'crashed', reason: 'the machine was restarted, or lost power, while it ran' });
  });

  it('leaves a run of another machine that shares the home alone, until that one has long been silent', async () => {
    const id = create('elsewhere', 5);
    store.claim(id, { pid: process.pid, startTime: '1', bootId: 'of node17', host: 'node17' });
    expect(reconcile(home)).toEqual([]);
    expect(store.run(id).state).toBe('running');
    await expect(control(home, id, 'stop')).rejects.toThrow('is on node17: ask for this there');
    const log = join(runFolder(home, id), 'run.log');
    mkdirSync(runFolder(home, id), { recursive: true });
    writeFileSync(log, '');
    await expect(kill(home, id)).rejects.toThrow(/is on node17 and has written within the last half hour: kill it there/);
    const before = new Date(Date.now() - 3600_000);
    utimesSync(log, before, before);
    expect((await kill(home, id)).state).toBe('stopped');
    // A container of this machine has a name of its own.
    const inside = create('container', 5);
    store.claim(inside, { ...ownIdentity(), startTime: '1', host: 'container' });
    expect(reconcile(home)).toEqual([]);
    expect(store.run(inside).state).toBe('crashed');
  });

  it('a supervisor that cannot be started is said so, not passed over', async () => {
    const id = create('no supervisor', 5);
    await expect(startRun(home, id, { ...entries, supervisor: fixture('missing.mjs') })).rejects.toThrow(/^the supervisor of .* cannot be used: it ended at once; .*supervisor\.log has more$/);
    await expect(startRun(home, 'zzz', entries)).rejects.toThrow('there is no run "zzz"');
    store.cancel(id, 'over');
    await expect(startRun(home, id, entries)).rejects.toThrow(/is stopped: only a queued run can be started/);
  });
});

describe('the foreground', () => {
  it('hands over every event, in order, and the record at the end', async () => {
    const id = create('watched', 5);
    const types: string[] = [];
    const record = await runForeground(home, id, { onEvent: ({ type }) => types.push(type), entries });
    expect(types).toEqual(['started', 'step', 'step', 'step', 'step', 'step', 'completed']);
    expect(record).toMatchObject({ id, state: 'completed', step: 5 });
  });

  it('Ctrl-C stops and saves, a second one kills', async () => {
    const id = create('interrupted', endless);
    const watcher = command('watcher.mjs', id);
    await until(id, ({ step }) => step > 0);
    watcher.kill('SIGINT');
    await once(watcher, 'close');
    expect(store.run(id)).toMatchObject({ state: 'stopped', reason: 'by hand' });

    const paused = create('deaf', endless);
    const impatient = command('watcher.mjs', paused);
    await until(paused, ({ step }) => step > 0);
    await control(home, paused, 'pause');
    await until(paused, ({ state }) => state === 'paused');
    impatient.kill('SIGINT');
    await expect.poll(() => store.history(paused).some(({ details }) => details.control === 'stop'), soon).toBe(true);
    impatient.kill('SIGINT');
    await once(impatient, 'close');
    expect(store.run(paused)).toMatchObject({ state: 'stopped', reason: 'killed by the user' });
  });

  it('Ctrl-C before it began leaves nothing that waits', async () => {
    const id = create('at once', endless);
    const ended = runForeground(home, id, { onEvent: () => undefined, entries: { ...entries, run: built } });
    process.emit('SIGINT', 'SIGINT');
    expect(await ended).toMatchObject({ state: 'stopped', reason: 'stopped before it began', started_at: null });

    const asked = create('while loading', endless);
    expect(await runProcess({ home, runId: asked, workerEntry: built, early: AbortSignal.abort() })).toBe(0);
    expect(store.run(asked)).toMatchObject({ state: 'stopped', reason: 'stopped before it began', started_at: null });
  });

  it('a process that cannot begin has failed', async () => {
    const id = create('nowhere', 1);
    const record = await runForeground(home, id, { onEvent: () => undefined, entries: { ...entries, run: fixture('none.mjs') } });
    expect(record).toMatchObject({ state: 'failed', reason: 'its process ended with 1: see run.log' });
  });

  it('goes on when its terminal goes away', async () => {
    const id = create('left alone', 200);
    const watcher = command('watcher.mjs', id);
    await until(id, ({ step }) => step > 0);
    watcher.kill('SIGKILL');
    await until(id, ({ state }) => state === 'completed');
    expect(store.run(id).step).toBe(200);
  });
});
