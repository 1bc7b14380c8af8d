import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMeter } from '../../src/machine/meter.js';
import { parseNvidia } from '../../src/machine/nvidia.js';

let folder = '';
const path = process.env['PATH'];
const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').length;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-machine-'));
});

afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

/** A real process on the path, in the place of the driver's tool. */
function install(body: string): void {
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${join(folder, 'asked')}\n${body}\n`);
  chmodSync(file, 0o755);
  process.env['PATH'] = `${folder}:${path}`;
}

describe('the machine', () => {
  it('has cores and memory, and no device without the tool', async () => {
    process.env['PATH'] = folder;
    const meter = makeMeter();
    await meter();
    const { cpu, cores, usedBytes, totalBytes, gpus } = await meter();
    expect(cpu === null || (cpu >= 0 && cpu <= 1)).toBe(true);
    expect(cores).toBeGreaterThan(0);
    expect(usedBytes).toBeGreaterThan(0);
    expect(usedBytes).toBeLessThanOrEqual(totalBytes);
    expect(gpus).toEqual([]);
  });

  it('has what nvidia-smi says, asked rarely', async () => {
    install(`echo "NVIDIA A100-SXM4-80GB, 93, 40536, 81920, 61, 312.45, 400.00"; echo "NVIDIA T4, [N/A], 0, 15360, [Not Supported], 9.5, 70"`);
    let now = 0;
    const meter = makeMeter(() => now);
    const { gpus } = await meter();
    expect(gpus).toEqual([
      { name: 'NVIDIA A100-SXM4-80GB', utilisation: 0.93, usedBytes: 40536 * 2 ** 20, totalBytes: 80 * 2 ** 30, temperature: 61, watts: 312.45, wattsLimit: 400 },
      { name: 'NVIDIA T4', utilisation: null, usedBytes: 0, totalBytes: 15 * 2 ** 30, temperature: null, watts: 9.5, wattsLimit: 70 },
    ]);
    now = 1000;
    expect((await meter()).gpus).toBe(gpus);
    expect(asked()).toBe(1);
    now = 5000;
    await meter();
    expect(asked()).toBe(2);
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toContain('--query-gpu=name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,power.limit --format=csv,noheader,nounits');
  });

  it('does not ask again a tool that finds no driver, and keeps the last word of one that fails later', async () => {
    install('echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."; exit 9');
    let now = 0;
    const meter = makeMeter(() => now);
    expect((await meter()).gpus).toEqual([]);
    now = 60_000;
    await meter();
    expect(asked()).toBe(1);
    install('echo "A, 1, 2, 3, 4, 5, 6"');
    const other = makeMeter(() => now);
    await other();
    install('exit 1');
    now += 60_000;
    expect((await other()).gpus.map(({ name }) => name)).toEqual(['A']);
  });

  it('reads a name with a comma', () => {
    expect(parseNvidia('Odd, Inc. X1, 1, 2, 3, 4, 5, 6\n\n')[0].name).toBe('Odd, Inc. X1');
  });
});
