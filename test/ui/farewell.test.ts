import { describe, expect, it } from 'vitest';
import { farewell } from '../../src/ui/controller.js';
import { initialState } from '../../src/ui/reduce.js';
import type { RunRecord, RunState } from '../../src/store/rows.js';

const left = (...runs: [string, RunState][]): string | null => farewell({ ...initialState({ columns: 80, rows: 24 }), runs: runs.map(([name, state]) => ({ name, state }) as RunRecord) });

describe('the line the screen leaves behind', () => {
  it('tells what goes on from what waits', () => {
    expect(left(['done', 'completed'])).toBeNull();
    expect(left(['one', 'running'])).toMatch(/^The run one goes on;/);
    expect(left(['one', 'queued'])).toMatch(/^The run one waits;/);
    expect(left(['a', 'running'], ['b', 'paused'], ['c', 'queued'])).toMatch(/^2 runs go on, 1 waits \(a, b, c\);/);
  });

  it('has no escape sequences in it', () => {
    expect(left(['red\u001b[31m', 'running'])).toMatch(/^The run red goes on|^The run red\[31m goes on/);
  });
});
