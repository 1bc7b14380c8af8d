/** `npm run test:faults`: the whole suite with many kills, and what it has counted, added up. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import console from 'node:console';
import process from 'node:process';

const folder = mkdtempSync(join(tmpdir(), 'workbench-counts-'));
const file = join(folder, 'counts.jsonl');
writeFileSync(file, '');
const env = { WORKBENCH_FAULT_KILLS: '200', ...process.env, WORKBENCH_FAULT_COUNTS: file };
const { status } = spawnSync('vitest', ['run', 'test/faults', ...process.argv.slice(2)], { stdio: 'inherit', env });
const sums = {};
for (const line of readFileSync(file, 'utf8').trim().split('\n').filter(Boolean)) {
  for (const [what, count] of Object.entries(JSON.parse(line))) sums[what] = (sums[what] ?? 0) + count;
}
for (const [what, count] of Object.entries(sums)) console.log(`${String(count).padStart(6)}  ${what}`);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
