import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRun } from '../../src/export/run.js';

const demo = fileURLToPath(new URL('../../experiments/demo/model/', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-export-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (out: string) => ({ model: demo, tokenizer: null, quantization: 'none', name: 'demo', type: null, shardBytes: 5e9, card: null, output: demo, kind: 'model', format: 'merged', out: join(folder, out) }) as const;

describe('exportRun', () => {
  it('takes from a checkpoint only what other programs want, and the tokenizer with it', async () => {
    const checkpoint = join(folder, 'checkpoint');
    mkdirSync(checkpoint);
    for (const file of ['config.json', 'model.safetensors']) cpSync(join(demo, file), join(checkpoint, file));
    for (const file of ['optimizer.safetensors', 'trainer_state.json']) writeFileSync(join(checkpoint, file), '');
    await exportRun({ ...options('from-checkpoint'), output: checkpoint });
    expect(readdirSync(join(folder, 'from-checkpoint')).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
  });

  it('leaves alone what is there already', async () => {
    writeFileSync(join(folder, 'precious.txt'), 'precious');
    mkdirSync(join(folder, 'full', 'inner'), { recursive: true });
    symlinkSync(join(folder, 'full'), join(folder, 'link'));
    await expect(exportRun(options('precious.txt'))).rejects.toThrow('is no folder; give --out a new one');
    await expect(exportRun(options('full'))).rejects.toThrow('is not empty');
    await expect(exportRun(options('link'))).rejects.toThrow('is no folder');
    expect(readFileSync(join(folder, 'precious.txt'), 'utf8')).toBe('precious');
    expect(readdirSync(join(folder, 'full'))).toEqual(['inner']);
  });

  it('fills an empty folder', async () => {
    mkdirSync(join(folder, 'empty'));
    await exportRun(options('empty'));
    expect(readdirSync(join(folder, 'empty'))).toContain('model.safetensors');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('has no adapter to give of a run that trained the model', async () => {
    await expect(exportRun({ ...options('peft'), format: 'peft' })).rejects.toThrow('there is no adapter to export');
  });
});
