/** The command that a run names for its end: real shells, real processes. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { kill } from '../../src/runner/client.js';
import { announceEnd } from '../../src/runner/finish.js';
import { Tiny, tinyExperiment } from './tiny.js';

const place = new Tiny();
afterAll(() => place.remove());

const nobody = { pid: process.pid, startTime: 'x', bootId: 'y' };

/** A run that ended as said, without ever having computed. */
function ended(name: string, command: string | null, reason: string | null = null): string {
  const { id } = place.store.createRun({ name, config: { ...tinyExperiment(), on_finish: command } });
  place.store.claim(id, nobody);
  place.store.clearProcess(id, nobody);
  place.store.setState(id, 'failed', reason);
  return id;
}

const announce = (runId: string, patience?: number) => announceEnd(place.store, place.home, { runId, ...(patience === undefined ? {} : { patience }) });
const told = (id: string) => readFileSync(place.folder(id, 'told'), 'utf8');

describe('on_finish', () => {
  it.each([
    'plain', '$(touch pwned)', '`touch pwned`', '"; touch pwned; echo "', "'; touch pwned; '", '&& touch pwned', '| touch pwned', '-n', '%s %d', '*', '~', 'two\nlines\ntouch pwned', 'emoji 🎉 ünïcode', '\u0007\u001b[2J', 'nul\u0000byte', '$IFS', '\\', '${WORKBENCH_RUN_ID}',
  ])('tells a run called %j in its environment, and runs nothing of it', async (name) => {
    const id = ended(name, 'printf "%s|%s|%s|%s" "$WORKBENCH_RUN_NAME" "$WORKBENCH_RUN_STATE" "$WORKBENCH_RUN_REASON" "$WORKBENCH_RUN_EVAL_LOSS" > told', `why ${name}`);
    expect(await announce(id)).toBeNull();
    const plain = place.store.run(id).name.replaceAll('\u0000', '');
    expect(told(id)).toBe(`${plain}|failed|why ${name.replaceAll('\u0000', '')}|`);
    expect(existsSync(place.folder(id, 'pwned'))).toBe(false);
  });

  it('is run in the folder of the run, once an end, and again after a resume', async () => {
    const id = ended('once', 'echo "$WORKBENCH_RUN_ID $PWD" >> told');
    await Promise.all([announce(id), announce(id)]);
    await announce(id);
    expect(told(id)).toBe(`${id} ${place.folder(id)}\n`);
    place.store.requeue(id, place.store.run(id).config);
    expect(await announce(id)).toBeNull(); // waits: it has not ended
    place.store.claim(id, nobody);
    place.store.setState(id, 'crashed', 'again');
    await announce(id);
    expect(told(id).split('\n')).toHaveLength(3);
  });

  it.each([
    ['exit 3', 60_000, 'The command of on_finish ended with exit code 3; run.log has what it said.'],
    ['kill -9 $$', 60_000, 'The command of on_finish ended with SIGKILL; run.log has what it said.'],
    ['sh -c "sleep 100; touch told"; touch told', 200, 'The command of on_finish was ended after 0.2 seconds; run.log has what it said.'],
    ['no-such-command-at-all', 60_000, 'The command of on_finish ended with exit code 127; run.log has what it said.'],
  ])('that fails is a warning of the run: %s', async (command, patience, warning) => {
    const id = ended('trouble', command);
    expect(await announce(id, patience)).toBe(warning);
    expect(place.store.warnings(id)).toEqual([warning]);
    expect(place.store.run(id).state).toBe('failed');
    expect(existsSync(place.folder(id, 'told'))).toBe(false);
  });

  it('may be none', async () => {
    expect(await announce(ended('quiet', null))).toBeNull();
  });
});

describe('by the supervisor', () => {
  const command = 'echo "$WORKBENCH_RUN_STATE $WORKBENCH_RUN_STEP $WORKBENCH_RUN_REASON" >> told';

  it('is run when a run is complete', async () => {
    const id = place.create('train.max_steps=2', `on_finish=${JSON.stringify(command)}`);
    await place.start(id);
    await place.until(id, () => existsSync(place.folder(id, 'told')) && told(id) !== '');
    expect(told(id)).toBe('completed 2 \n');
  });

  it('is run when the process of a run is killed', async () => {
    const id = place.create('train.max_steps=100000', `on_finish=${JSON.stringify(command)}`);
    await place.start(id);
    await place.until(id, ({ step }) => step > 1);
    process.kill(place.store.processOf(id)!.pid, 'SIGKILL');
    await place.until(id, () => existsSync(place.folder(id, 'told')) && told(id) !== '');
    expect(told(id)).toMatch(/^crashed \d+ killed \(SIGKILL\)/);
    await expect(kill(place.home, id)).rejects.toThrow('no process to kill');
    expect(told(id).split('\n')).toHaveLength(2);
  });

  it('is run by whoever looks next when the supervisor was not there', async () => {
    const id = ended('missed', command);
    const other = place.create('train.max_steps=1');
    await place.start(other);
    await place.until(id, () => existsSync(place.folder(id, 'told')) && told(id) !== '');
    expect(told(id)).toBe('failed 0 \n');
  });
});
