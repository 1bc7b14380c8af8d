import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { discoverModels, resolveModelPath } from '../../src/models/discover.js';
import { UserError } from '../../src/util/errors.js';
import { goldenFolder } from '../golden/support.js';

const models = join(goldenFolder, 'models');

/** A Hugging Face cache with two revisions of a model, laid out as huggingface_hub does, with links to blobs. */
function hubCache(): string {
  const home = mkdtempSync(join(tmpdir(), 'workbench-test-'));
  const model = join(home, 'hub', 'models--tiny-org--tiny-llama');
  for (const revision of ['aaa', 'bbb']) {
    mkdirSync(join(model, 'snapshots', revision), { recursive: true });
    mkdirSync(join(model, 'blobs'), { recursive: true });
    for (const file of ['config.json', 'model.safetensors']) {
      cpSync(join(models, 'llama-gqa', file), join(model, 'blobs', `${revision}-${file}`));
      symlinkSync(join('..', '..', 'blobs', `${revision}-${file}`), join(model, 'snapshots', revision, file));
    }
  }
  mkdirSync(join(model, 'refs'));
  writeFileSync(join(model, 'refs', 'main'), 'aaa');
  mkdirSync(join(home, 'hub', 'datasets--tiny-org--rows', 'snapshots', 'ccc'), { recursive: true });
  return home;
}

describe('models on this machine', () => {
  it('are described from their headers', () => {
    const found = discoverModels({ paths: [models, '/nowhere'] });
    expect(found.map(({ name }) => name)).toEqual([...found.map(({ name }) => name)].sort());
    expect(found.find(({ name }) => name === 'llama-tied-bf16-shards')).toMatchObject({ modelType: 'llama', dtype: 'BF16', supported: true, reason: null, bytes: 6528, parameters: 3264 });
    expect(found.find(({ name }) => name === 'gpt2-options-f16')).toMatchObject({ modelType: 'gpt2', dtype: 'F16', supported: true, tokenizer: false });
  });

  it('are found in a Hugging Face cache, by the revision of main', () => {
    const home = hubCache();
    const [entry, ...others] = discoverModels({ paths: [home] });
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ name: 'tiny-org/tiny-llama', path: join(home, 'hub', 'models--tiny-org--tiny-llama', 'snapshots', 'aaa'), supported: true });
    expect(discoverModels({ paths: [join(home, 'hub')] })).toEqual([entry]);
  });

  it('say why they cannot be used', () => {
    const folder = mkdtempSync(join(tmpdir(), 'workbench-test-'));
    const make = (name: string, config: string) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'config.json'), config);
      return join(folder, name);
    };
    const alien = make('alien', '{"model_type":"mamba"}');
    cpSync(join(models, 'gpt2', 'model.safetensors'), join(alien, 'model.safetensors'));
    make('broken', '{');
    make('alien-bare', '{"model_type":"mamba"}');
    make('empty', readFileSync(join(models, 'gpt2', 'config.json'), 'utf8'));
    mkdirSync(join(folder, 'no-model'));
    const found = discoverModels({ paths: [folder] });
    expect(found.map(({ name, supported }) => [name, supported])).toEqual([['alien', false], ['alien-bare', false], ['broken', false], ['empty', false]]);
    expect(found[0]).toMatchObject({ modelType: 'mamba', dtype: 'F32', parameters: 4404, reason: expect.stringContaining('supported are gpt2') });
    expect(found[1].reason).toContain('supported are gpt2');
    expect(found[2].reason).toContain('not valid JSON');
    expect(found[3]).toMatchObject({ modelType: 'gpt2', reason: expect.stringContaining('has no weights') });
  });

  it('are meant by a path, a name, or org/name', () => {
    const home = hubCache();
    const cached = join(home, 'hub', 'models--tiny-org--tiny-llama', 'snapshots', 'aaa');
    expect(resolveModelPath(join(models, 'gpt2'), [])).toBe(join(models, 'gpt2'));
    expect(resolveModelPath('gpt2', [models])).toBe(join(models, 'gpt2'));
    expect(resolveModelPath('tiny-org/tiny-llama', [models, home])).toBe(cached);
    expect(resolveModelPath('tiny-llama', [home])).toBe(cached);
    expect(() => resolveModelPath('gpt-3', [models])).toThrow(/There is no model "gpt-3": found are .*gpt2, gpt2-options-f16, llama-bias-llama3/);
    expect(() => resolveModelPath('gpt-3', [])).toThrow(UserError);
  });
});
