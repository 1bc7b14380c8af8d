/** GGUF files, read back by another implementation. That llama.cpp generates from them what this program does is shown by golden/check_gguf.mjs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gguf, GGMLQuantizationType } from '@huggingface/gguf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodings } from '../../src/export/gguf/elements.js';
import { word, writeGguf } from '../../src/export/gguf/file.js';
import { exportRun, type ExportOptions } from '../../src/export/run.js';
import { loraDefaults, type LoraConfig } from '../../src/config/schema.js';
import { scaledB } from '../../src/export/gguf/adapter.js';
import { writeAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { f32, sizeOf } from '../../src/util/tensor.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';

const demo = fileURLToPath(new URL('../../experiments/demo/model/', import.meta.url));
const golden = JSON.parse(readFileSync(new URL('../golden/gguf_numbers.json', import.meta.url), 'utf8')) as Record<'values' | 'f16' | 'q8_0', string>;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-gguf-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (out: string, more: Partial<ExportOptions>): ExportOptions => ({ name: 'demo', model: demo, tokenizer: null, output: demo, kind: 'model', format: 'gguf', type: null, out: join(folder, out), quantization: 'none', shardBytes: 5e9, card: null, ...more });

describe('numbers', () => {
  const bytes = Buffer.from(golden.values, 'base64');
  const values = new Float32Array(new Uint8Array(bytes).buffer);

  it('as halves are those of NumPy', () => {
    expect(Buffer.from(encodings.f16.encode(values)).equals(Buffer.from(golden.f16, 'base64'))).toBe(true);
  });

  it('in blocks of 8 bits are those of gguf-py', () => {
    expect(Buffer.from(encodings.q8_0.encode(values.slice(0, 160))).equals(Buffer.from(golden.q8_0, 'base64'))).toBe(true);
  });
});

describe('a file', () => {
  // Every length of the first word moves all that comes after: each kind of value stands across each step in which the buffer grows.
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('holds lists of any length whole (%i)', async (shift) => {
    const path = join(folder, `lists-${shift}.gguf`);
    const words = Array.from({ length: 15_000 }, (_, i) => `w${i}`);
    const numbers = Array.from({ length: 40_000 }, (_, i) => i - 20_000);
    await writeGguf(path, { 'a.first': word('x'.repeat(shift)), 'a.words': { type: 'strings', value: words }, 'a.numbers': { type: 'i32s', value: numbers }, 'a.reals': { type: 'f32s', value: numbers } }, []);
    const { metadata } = await gguf(path, { allowLocalFile: true });
    expect(metadata).toMatchObject({ 'a.words': words, 'a.numbers': numbers, 'a.reals': numbers });
  });
});

describe('a model', () => {
  it('has llama.cpp\'s facts, names and types', async () => {
    await exportRun(options('model', { type: 'q8_0' }));
    const { metadata, tensorInfos } = await gguf(join(folder, 'model', 'demo-q8_0.gguf'), { allowLocalFile: true });
    expect(metadata).toMatchObject({
      'general.architecture': 'llama', 'general.file_type': 7, 'llama.block_count': 4, 'llama.embedding_length': 96, 'llama.attention.head_count': 6, 'llama.attention.head_count_kv': 3,
      'llama.rope.dimension_count': 16, 'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': 'gpt-2', 'tokenizer.ggml.eos_token_id': 1,
    });
    expect((metadata as Record<string, unknown>)['tokenizer.ggml.tokens']).toHaveLength(997);
    expect(tensorInfos.map(({ name }) => name).filter((name) => !name.startsWith('blk.') || name.startsWith('blk.3.')).sort()).toEqual([
      'blk.3.attn_k.weight', 'blk.3.attn_norm.weight', 'blk.3.attn_output.weight', 'blk.3.attn_q.weight', 'blk.3.attn_v.weight', 'blk.3.ffn_down.weight', 'blk.3.ffn_gate.weight', 'blk.3.ffn_norm.weight', 'blk.3.ffn_up.weight',
      'output_norm.weight', 'token_embd.weight',
    ]);
    expect(tensorInfos.find(({ name }) => name === 'blk.0.ffn_up.weight')).toMatchObject({ shape: [96n, 256n], dtype: GGMLQuantizationType.Q8_0 });
    expect(tensorInfos.find(({ name }) => name === 'output_norm.weight')).toMatchObject({ shape: [96n], dtype: GGMLQuantizationType.F32 });
  });

  it('of a family that is not known there is refused', async () => {
    const bloom = fileURLToPath(new URL('../golden/models/bloom', import.meta.url));
    await expect(exportRun(options('unknown', { model: bloom, output: bloom, tokenizer: demo }))).rejects.toThrow(/models are not exported as GGUF; those are: gpt2, llama/);
  });

  it('keeps numbers only as the format can', async () => {
    await expect(exportRun(options('bf16', { type: 'bf16' }))).rejects.toThrow('--format gguf keeps numbers as f16 or q8_0 or f32, not bf16');
  });
});

describe('an adapter', () => {
  /** A folder as PEFT has it, every tensor counting up from 0. */
  async function adapterFolder(name: string, config: LoraConfig): Promise<string> {
    const model = readModel(demo);
    const { trainable: parameters } = tuningOf({ finetuning: 'lora', lora: config, freeze: { num_trainable_layers: 1 }, quantization: 'none', precision: 'f32' }, model);
    const shapes = new Map(parameters.map((each) => [each.name, each.shape]));
    await writeAdapter(join(folder, name), { model, config, baseModel: demo, parameters, read: (parameter) => f32(shapes.get(parameter)!, Float32Array.from({ length: sizeOf(shapes.get(parameter)!) }, (_, i) => i)) });
    return join(folder, name);
  }

  it('has both matrices of each linear map, scaled as in training', async () => {
    const config = { ...loraDefaults, r: 4, lora_alpha: 6, target_modules: ['q_proj', 'down_proj'], use_rslora: true, rank_pattern: { '.*0.mlp.down_proj': 9 } };
    await exportRun(options('lora', { format: 'gguf-lora', kind: 'adapter', output: await adapterFolder('peft', config) }));
    const { metadata, tensorInfos } = await gguf(join(folder, 'lora', 'demo-lora.gguf'), { allowLocalFile: true });
    expect(metadata).toMatchObject({ 'general.type': 'adapter', 'adapter.type': 'lora', 'adapter.lora.alpha': 12 }); // 6/√4 · 4, which is divided by the rank
    expect(tensorInfos.filter(({ name }) => name.startsWith('blk.0.')).map(({ name, shape }) => `${name} ${shape.join('×')}`)).toEqual([
      'blk.0.attn_q.weight.lora_a 96×4', 'blk.0.attn_q.weight.lora_b 4×96', 'blk.0.ffn_down.weight.lora_a 256×9', 'blk.0.ffn_down.weight.lora_b 9×96',
    ]);
  });

  it('has in B what its scale differs from the others by', () => {
    expect([...scaledB(f32([2, 1], [1, 2]), { scale: 6 / 3, rank: 9 }, 12).data]).toEqual([1.5, 3]); // 6/√9 = 1.5 · 12/9
  });

  it.each([
    [{ use_dora: true }, 'this one has the magnitudes of lora.use_dora; use --format gguf'],
    [{ modules_to_save: ['norm'] }, 'this one has model.layers.0.input_layernorm.weight, which learned whole'],
  ])('with %j is refused, and to be merged', async (changes, sentence) => {
    const output = await adapterFolder(Object.keys(changes)[0], { ...loraDefaults, ...changes });
    await expect(exportRun(options(`refused-${Object.keys(changes)[0]}`, { format: 'gguf-lora', kind: 'adapter', output }))).rejects.toThrow(sentence);
  });
});

describe('a merged model', () => {
  it('in 16 bits and in shards holds the rounded weights', async () => {
    await exportRun(options('shards', { format: 'merged', type: 'bf16', shardBytes: 3e5, card: '# demo\n' }));
    const index = JSON.parse(readFileSync(join(folder, 'shards', 'model.safetensors.index.json'), 'utf8')) as { weight_map: Record<string, string> };
    const [base] = [SafetensorsFile.open(join(demo, 'model.safetensors'))];
    expect(new Set(Object.values(index.weight_map)).size).toBeGreaterThan(2);
    for (const [name, file] of Object.entries(index.weight_map)) {
      const { data } = SafetensorsFile.open(join(folder, 'shards', file)).read(name);
      const wanted = base.read(name).data;
      for (let i = 0; i < data.length; i++) expect(Math.abs(data[i] - wanted[i])).toBeLessThanOrEqual(Math.abs(wanted[i]) * 2 ** -8);
    }
    expect(readModel(join(folder, 'shards')).config).toMatchObject({ torch_dtype: 'bfloat16' });
    expect(readFileSync(join(folder, 'shards', 'README.md'), 'utf8')).toBe('# demo\n');
  });
});
