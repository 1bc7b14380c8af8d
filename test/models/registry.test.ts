import { cpSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFromConfig, readModel, supportedModelTypes } from '../../src/models/registry.js';
import { initialWeights, randomWeights } from '../../src/models/weights.js';
import { UserError } from '../../src/util/errors.js';
import { f32, sizeOf } from '../../src/util/tensor.js';
import { SafetensorsFile, writeSafetensors } from '../../src/weights/safetensors.js';
import { goldenFolder, material, readJson } from '../golden/support.js';

const golden = (name: string) => join(goldenFolder, 'models', name);
const configOf = (name: string) => readJson<Record<string, unknown>>(golden(name), 'config.json');
const temporary = () => mkdtempSync(join(tmpdir(), 'workbench-test-'));

const refused = (config: Record<string, unknown>) => () => modelFromConfig(config, 'here');

describe('a config that cannot be used is a sentence', () => {
  const gpt2 = configOf('gpt2');
  const llama = configOf('llama-gqa');
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['no model_type', {}, /config\.json in here has no model_type; supported are gpt2, llama, mistral, /],
    ['another model_type', { model_type: 'mamba' }, /in here is of type "mamba", which is not supported; supported are gpt2, llama, mistral, /],
    ['a name of every object', { model_type: 'constructor' }, /is of type "constructor", which is not supported/],
    ['quantised weights', { ...llama, quantization_config: { bits: 4 } }, /weights in here are quantised/],
    ['a missing size', { ...gpt2, n_embd: undefined }, /config\.json in here cannot be used: n_embd: /],
    ['a size of the wrong type', { ...gpt2, n_layer: '2' }, /n_layer: /],
    ['heads that do not divide', { ...gpt2, n_head: 5 }, /n_embd 12 is not a multiple of n_head 5/],
    ['an unknown activation', { ...gpt2, activation_function: 'mish' }, /activation_function: "mish" is not supported \(gelu, /],
    ['cross-attention', { ...gpt2, add_cross_attention: true }, /add_cross_attention: attention to an encoder is not supported/],
    ['groups that do not divide', { ...llama, num_key_value_heads: 3 }, /num_attention_heads 4 is not a multiple of num_key_value_heads 3/],
    ['an odd head', { ...llama, head_dim: 5 }, /an even number of a head's dimensions, not 5/],
    ['another rope', { ...llama, rope_parameters: { rope_type: 'longrope', factor: 4 } }, /rope_parameters\S*: rope_type "longrope" is not supported \(default, linear, dynamic, llama3, yarn are\)/],
    ['rope in the old spelling', { ...llama, rope_parameters: undefined, rope_scaling: { type: 'su', factor: 2 } }, /rope_scaling\S*: rope_type "su" is not supported/],
    ['rope without its factor', { ...llama, rope_parameters: { rope_type: 'linear' } }, /rope_parameters\.factor: /],
    ['rotary of more than a head', { ...llama, partial_rotary_factor: 1.5 }, /partial_rotary_factor: /],
  ];
  it.each(cases)('%s', (_what, config, sentence) => {
    expect(refused(config)).toThrow(UserError);
    expect(refused(config)).toThrow(sentence);
  });

  it('a folder without config, and one that is not JSON', () => {
    const folder = temporary();
    expect(() => readModel(folder)).toThrow(/is no model folder: it has no config\.json; give a Hugging Face folder/);
    expect(() => readModel(join(folder, 'nowhere'))).toThrow(UserError);
    writeFileSync(join(folder, 'config.json'), '{');
    expect(() => readModel(folder)).toThrow(/config\.json is not valid JSON/);
    writeFileSync(join(folder, 'config.json'), '[]');
    expect(() => readModel(folder)).toThrow(/does not hold a JSON object/);
  });
});

describe('configs', () => {
  it('reads Transformers 4 spellings as those of 5', () => {
    const now = configOf('llama-bias-llama3');
    const { rope_theta, rope_type, ...scaling } = now.rope_parameters as Record<string, unknown>;
    const then = modelFromConfig({ ...now, rope_parameters: undefined, rope_theta, rope_scaling: { type: rope_type, ...scaling } }, 'here');
    expect(then.parameters).toEqual(modelFromConfig(now, 'here').parameters);
  });

  it('take the token ids that Transformers takes, inside the vocabulary', () => {
    const ids = (config: Record<string, unknown>) => {
      const { bosTokenId, eosTokenIds } = modelFromConfig(config, 'here');
      return [bosTokenId, eosTokenIds];
    };
    const unset = { bos_token_id: undefined, eos_token_id: undefined };
    expect(ids({ ...configOf('gpt2'), ...unset, vocab_size: 50_257 })).toEqual([50_256, [50_256]]);
    expect(ids({ ...configOf('gpt2'), ...unset })).toEqual([null, []]);
    expect(ids({ ...configOf('llama-gqa'), eos_token_id: [2, 7, 99] })).toEqual([1, [2, 7]]);
    expect(ids({ ...configOf('llama-gqa'), bos_token_id: null, eos_token_id: null })).toEqual([null, []]);
  });

  it.skipIf(!existsSync(join(material, 'configs')))('accepts the real configs of supported types as they are (skipped without them beside the checkout)', () => {
    const folders = readdirSync(join(material, 'configs')).map((name) => join(material, 'configs', name));
    const counts = folders
      
      .filter((folder) => supportedModelTypes.includes(String(readJson<{ model_type?: string }>(folder, 'config.json').model_type)))
      .map((folder) => [folder.split('/').at(-1), readModel(folder).parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0)]);
    expect(Object.fromEntries(counts)).toMatchObject({ 'gpt2-large': 774_030_080, 'mistral-7b-v0.3': 7_248_023_552 });
  });
});

describe('weights', () => {
  const model = readModel(golden('gpt2'));
  const stored = SafetensorsFile.open(join(golden('gpt2'), 'model.safetensors'));

  /** The golden GPT-2 with its tensors renamed, left out (null) or added to. */
  async function variant(rename: (name: string) => string | null, extra: { name: string; shape: number[] }[] = []): Promise<string> {
    const folder = temporary();
    cpSync(join(golden('gpt2'), 'config.json'), join(folder, 'config.json'));
    const kept = stored.names.flatMap((name) => (rename(name) === null ? [] : [{ name: rename(name)!, shape: stored.info(name).shape, from: name }]));
    await writeSafetensors(join(folder, 'model.safetensors'), [...kept, ...extra], (name) => {
      const from = kept.find((tensor) => tensor.name === name)?.from;
      return from === undefined ? f32(extra.find((tensor) => tensor.name === name)!.shape) : stored.read(from);
    });
    return folder;
  }

  it('are found without the prefix, tied under the head, and beside masks', async () => {
    const folder = await variant(
      (name) => (name === 'transformer.wte.weight' ? 'lm_head.weight' : name.replace('transformer.', '')),
      [{ name: 'h.0.attn.bias', shape: [1, 1, 20, 20] }, { name: 'h.0.attn.masked_bias', shape: [] }],
    );
    const weights = initialWeights(model, folder);
    for (const { name } of model.parameters) expect(weights(name)).toEqual(stored.read(name));
  });

  it('name what is missing, what has another shape, and what has no place', async () => {
    const missing = await variant((name) => (name === 'transformer.h.1.ln_2.bias' ? null : name));
    expect(() => initialWeights(model, missing)).toThrow(/model\.safetensors has no tensor transformer\.h\.1\.ln_2\.bias \[12\]; are config\.json and the weights of the same gpt2 model\?/);
    const stray = await variant((name) => name, [{ name: 'score.weight', shape: [2, 12] }]);
    expect(() => initialWeights(model, stray)).toThrow(/has a tensor score\.weight that has no place here/);
    const other = modelFromConfig({ ...configOf('gpt2'), n_inner: 40 }, 'here');
    expect(() => initialWeights(other, golden('gpt2'))).toThrow(/transformer\.h\.0\.mlp\.c_fc\.weight in .*model\.safetensors has shape \[12, 48\] where \[12, 40\] is wanted/);
    expect(() => initialWeights(other, golden('gpt2'))).toThrow(UserError);
  });

  it('start at random as Transformers starts them', () => {
    const big = modelFromConfig({ ...configOf('gpt2'), n_embd: 64, n_layer: 8, initializer_range: 0.02 }, 'here');
    const random = randomWeights(big, 1);
    const std = (name: string) => Math.sqrt(random(name).data.reduce((sum, x) => sum + x * x, 0) / random(name).data.length);
    expect(std('transformer.h.3.attn.c_attn.weight')).toBeCloseTo(0.02, 3);
    expect(std('transformer.h.3.mlp.c_proj.weight')).toBeCloseTo(0.02 / 4, 3); // 1/√(2·8)
    expect(new Set(random('transformer.h.0.ln_1.weight').data)).toEqual(new Set([1]));
    expect(new Set(random('transformer.h.0.mlp.c_fc.bias').data)).toEqual(new Set([0]));
    expect(randomWeights(big, 1)('transformer.wpe.weight')).toEqual(random('transformer.wpe.weight'));
    expect(randomWeights(big, 2)('transformer.wpe.weight')).not.toEqual(random('transformer.wpe.weight'));
  });

  it('belong to blocks, for freezing', () => {
    expect(model.layerOf('transformer.h.1.mlp.c_fc.bias')).toBe(1);
    expect(model.layerOf('transformer.ln_f.weight')).toBeNull();
    expect(readModel(golden('llama-gqa')).layerOf('model.layers.0.input_layernorm.weight')).toBe(0);
    expect(model.parameters.filter(({ decay }) => decay).every(({ shape }) => shape.length === 2)).toBe(true);
  });
});
