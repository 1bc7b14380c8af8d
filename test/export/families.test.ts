/** What came of encoders, encoder–decoders and ChatGLM, taken out: adapters by the names of the original's modules, whole models in shards, and what no format is for. */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/schema.js';
import { exportRun, type ExportFormat, type ExportOptions } from '../../src/export/run.js';
import { savedName } from '../../src/lora/names.js';
import { mergedWeights } from '../../src/lora/merge.js';
import { readAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { UserError } from '../../src/util/errors.js';
import { goldenFolder, greatestDifference, readJson } from '../golden/support.js';
import { writeTinyAdapter } from './adapter.js';

const folder = mkdtempSync(join(tmpdir(), 'workbench-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Family {
  readonly base: string;
  readonly stage: Experiment['stage'];
  readonly taskType: string | null;
  /** One adapted module, as the original calls it. */
  readonly module: string;
  readonly refused: readonly ExportFormat[];
}

const families: Family[] = [
  { base: 'bart/options', stage: 'seq2seq', taskType: 'SEQ_2_SEQ_LM', module: 'model.decoder.layers.0.encoder_attn.q_proj', refused: ['gguf', 'gguf-lora', 'onnx'] },
  { base: 'encoders/bert-classes', stage: 'classify', taskType: 'SEQ_CLS', module: 'bert.encoder.layer.1.attention.self.value', refused: ['gguf', 'gguf-lora', 'onnx'] },
  { base: 'encoders/roberta-words', stage: 'mlm', taskType: null, module: 'roberta.encoder.layer.0.attention.self.query', refused: ['gguf', 'gguf-lora', 'onnx'] },
  { base: 'chatglm', stage: 'sft', taskType: 'CAUSAL_LM', module: 'transformer.layers.2.attention.query_key_value', refused: ['gguf', 'gguf-lora', 'onnx'] },
  { base: 'models/chatglm2', stage: 'sft', taskType: 'CAUSAL_LM', module: 'transformer.encoder.layers.0.self_attention.query_key_value', refused: ['gguf', 'gguf-lora'] },
];

describe.each(families)('$base', ({ base: name, stage, taskType, module, refused }) => {
  const base = join(folder, name.replace('/', '-'));
  cpSync(join(goldenFolder, name), base, { recursive: true });
  const beside = ['tokenizer_config.json', 'ice_text.model', 'generation_config.json', 'modeling_chatglm.py'];
  for (const file of beside) writeFileSync(join(base, file), '{}');
  const adapter = writeTinyAdapter(`${base}-adapter`, base, stage);
  const purpose = { stage, labels: null };
  const options = async (format: ExportFormat, changes: Partial<ExportOptions> = {}): Promise<ExportOptions> => ({ name: 'tiny', model: base, purpose, tokenizer: null, quantization: 'none', type: null, shardBytes: 5e9, card: null, output: await adapter, kind: 'adapter', format, out: `${base}-${format}`, ...changes });

  it('gives its adapter under the names that PEFT gives on the original', async () => {
    const asked = await options('peft');
    await exportRun(asked);
    expect(readJson(asked.out, 'adapter_config.json')).toMatchObject({ peft_type: 'LORA', task_type: taskType, target_modules: [...readModel(base, purpose).loraTargets].sort() });
    const { tensors } = readAdapter(asked.out);
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(['lora_A', 'lora_B'].map((half) => savedName(`base_model.model.${module}.${half}.weight`))));
  });

  it('gives the merged model in shards, with what belongs beside it', async () => {
    const asked = await options('merged', { shardBytes: 4000 });
    await exportRun(asked);
    const files = readdirSync(asked.out);
    expect(files).toEqual(expect.arrayContaining(['config.json', 'model.safetensors.index.json', ...beside]));
    expect(files.filter((file) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(file)).length).toBeGreaterThan(1);
    const model = readModel(asked.out, purpose);
    const [whole, merged] = [initialWeights(model, asked.out), mergedWeights(model, readAdapter(await adapter), initialWeights(readModel(base, purpose), base))];
    for (const parameter of model.parameters) expect(greatestDifference(whole(parameter.name).data, merged(parameter.name).data)).toBe(0);
    expect(greatestDifference(whole(`${module}.weight`).data, initialWeights(model, base)(`${module}.weight`).data)).toBeGreaterThan(0.01);
  });

  it.each(refused)('says that %s is not for it, what to take instead, and leaves nothing', async (format) => {
    const failed = await exportRun(await options(format)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(UserError);
    expect((failed as UserError).message).toMatch(/--format (merged|peft)/);
    expect(readdirSync(folder).filter((file) => file.endsWith(`${name.replace('/', '-')}-${format}`))).toEqual([]);
  });
});
