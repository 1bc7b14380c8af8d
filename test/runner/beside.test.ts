import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openBeside } from '../../src/runner/beside.js';
import type { Beside, BesideHandlers } from '../../src/runner/beside.js';

let beside: Beside<BesideHandlers>;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  beside = openBeside(new URL('./held-beside.mjs', import.meta.url), process.env);
});
afterEach(() => {
  beside.close();
  vi.useRealTimers();
});

/** A call that has begun. */
async function held(signal?: AbortSignal): Promise<{ readonly answer: Promise<unknown> }> {
  let begun = (): void => undefined;
  const heard = new Promise<void>((resolve) => (begun = resolve));
  const answer = beside.call('hold', undefined as never, { onPiece: () => begun(), ...(signal ? { signal } : {}) });
  answer.catch(() => undefined);
  await heard;
  return { answer };
}

describe('a call beside the screen', () => {
  it('is not ended for one behind it that nobody waits for', async () => {
    const first = await held();
    const cancel = new AbortController();
    const second = await held(cancel.signal);
    cancel.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    await beside.call('release', undefined as never);
    expect(await Promise.all([first.answer, second.answer])).toEqual(['done', 'done']);
  });

  it('is ended with its process when it does not stop', async () => {
    const cancel = new AbortController();
    const { answer } = await held(cancel.signal);
    cancel.abort();
    await vi.advanceTimersByTimeAsync(3000);
    await expect(answer).rejects.toThrow('It was interrupted.');
  });

  it('is not begun when nobody waits for it any more', async () => {
    await expect(beside.call('hold', undefined as never, { signal: AbortSignal.abort() })).rejects.toThrow('It was interrupted.');
  });
});
