import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readRunLog } from '../../src/runner/run-log.js';

it('has a time for every line: that of the start too, and of a line without one that of the line before', () => {
  const home = mkdtempSync(join(tmpdir(), 'workbench-log-'));
  mkdirSync(join(home, 'runs', 'x'), { recursive: true });
  writeFileSync(join(home, 'runs', 'x', 'run.log'), '--- a process starts (2026-01-01T10:00:00.000Z)\n2026-01-01T10:00:05.500Z llama: 85 tensors\n  of a library\n');
  const at = Date.UTC(2026, 0, 1, 10);
  expect(readRunLog(home, 'x')).toEqual({ lines: [{ time: at, text: '--- a process starts' }, { time: at + 5500, text: 'llama: 85 tensors' }, { time: at + 5500, text: '  of a library' }], points: [] });
  rmSync(home, { recursive: true });
});
