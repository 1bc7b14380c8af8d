import { cpSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loraDefaults, type LoraConfig } from '../../src/config/schema.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { Builder } from '../../src/graph/builder.js';
import type { Program } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { adapt } from '../../src/lora/adapt.js';
import { adaptedLayers, adapterParameters } from '../../src/lora/layers.js';
import { mergedWeights, mergeInto } from '../../src/lora/merge.js';
import { checkAdapter, readAdapter, writeAdapter, type Adapter } from '../../src/lora/peft.js';
import { targetLinears, type Adaptable } from '../../src/lora/targets.js';
import { wholeParameters } from '../../src/lora/whole.js';
import type { Model } from '../../src/models/contract.js';
import { readModel } from '../../src/models/registry.js';
import { tokenInputs } from '../../src/trainer/inputs.js';
import { initialWeights } from '../../src/models/weights.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { linearParameters, type Linear } from '../../src/nn/layers.js';
import { initialValue } from '../../src/nn/parameter.js';
import { UserError } from '../../src/util/errors.js';
import { bool, f32, type Tensor } from '../../src/util/tensor.js';
import { SafetensorsFile, writeSafetensors } from '../../src/weights/safetensors.js';
import { compile, goldenFolder, greatestDifference, material, modelProgram, readJson, tokenFeeds, variablesOf } from '../golden/support.js';

const temporary = () => mkdtempSync(join(tmpdir(), 'workbench-test-'));
const lora = (changes: Partial<LoraConfig> = {}): LoraConfig => ({ ...loraDefaults, r: 2, lora_alpha: 6, ...changes });
const adapted = (model: Adaptable, config: LoraConfig) => targetLinears(model, config).map(({ module }) => module);
const gpt2 = readModel(join(goldenFolder, 'models', 'gpt2'));
const llama = readModel(join(goldenFolder, 'models', 'llama-gqa'));

describe('target modules', () => {
  it('are those of PEFT for the architecture', () => {
    expect(adapted(gpt2, lora())).toEqual(['transformer.h.0.attn.c_attn', 'transformer.h.1.attn.c_attn']);
    expect(adapted(llama, lora()).map((name) => name.replace(/^model\.layers\.\d\.self_attn\./, ''))).toEqual(['q_proj', 'v_proj', 'q_proj', 'v_proj']);
  });

  it('are all linear maps but the head with all-linear, or those that end in a name', () => {
    expect(adapted(llama, lora({ target_modules: 'all-linear' }))).toHaveLength(14);
    expect(adapted(gpt2, lora({ target_modules: ['c_proj'] }))).toHaveLength(4);
    expect(adapted(gpt2, lora({ target_modules: ['mlp.c_proj', 'transformer.h.0.mlp.c_fc'] }))).toEqual(['transformer.h.0.mlp.c_fc', 'transformer.h.0.mlp.c_proj', 'transformer.h.1.mlp.c_proj']);
  });

  it('that match nothing are named, with those there are', () => {
    const wrong = () => adapted(gpt2, lora({ target_modules: ['c_attn', 'q_proj'] }));
    expect(wrong).toThrow(UserError);
    expect(wrong).toThrow('"q_proj" is no linear map of this gpt2 model; choose among c_attn, c_proj, c_fc, or all-linear.');
    expect(() => adapted(llama, lora({ target_modules: ['lm_head'] }))).toThrow(UserError);
    expect(() => adapted(gpt2, lora({ target_modules: ['attn'] }))).toThrow(UserError); // a part of a name is not its end
  });
});

describe('chosen modules', () => {
  const inLlama = (changes: Partial<LoraConfig>) => adapted(llama, lora(changes)).map((name) => name.replace('model.layers.', ''));

  it('are those whose whole name a regular expression says, as Python reads it', () => {
    expect(inLlama({ target_modules: '.*\\.1\\..*(?P<half>up|down)_proj' })).toEqual(['1.mlp.up_proj', '1.mlp.down_proj']);
    expect(() => inLlama({ target_modules: 'mlp\\..*' })).toThrow('lora.target_modules: as a pattern of whole names "mlp\\..*" is no linear map of this llama model');
    expect(() => inLlama({ target_modules: '.*(up' })).toThrow(/^"\.\*\(up" is no pattern of module names \(.*\); write names, or a regular expression\.$/);
  });

  it('are without what is excluded, and of the blocks that are asked for', () => {
    expect(inLlama({ target_modules: ['up_proj', 'down_proj'], exclude_modules: ['1.mlp.up_proj'] })).toEqual(['0.mlp.up_proj', '0.mlp.down_proj', '1.mlp.down_proj']);
    expect(inLlama({ target_modules: 'all-linear', exclude_modules: '.*(self_attn|gate|up).*' })).toEqual(['0.mlp.down_proj', '1.mlp.down_proj']);
    expect(inLlama({ layers_to_transform: [1] })).toEqual(['1.self_attn.q_proj', '1.self_attn.v_proj']);
    expect(inLlama({ layers_to_transform: 0 })).toEqual(['0.self_attn.q_proj', '0.self_attn.v_proj']);
    expect(inLlama({ target_modules: ['q_proj', 'up_proj'], modules_to_save: ['mlp'] })).toEqual(['0.self_attn.q_proj', '1.self_attn.q_proj']);
  });

  it('that are none, or are left by nothing, are said', () => {
    expect(() => inLlama({ exclude_modules: ['up'] })).toThrow('lora.exclude_modules: "up" is no linear map of this llama model');
    expect(() => inLlama({ exclude_modules: '.*' })).toThrow('leave no linear map that lora.target_modules asks for');
    expect(() => inLlama({ layers_to_transform: [7] })).toThrow('there is no block 7; this model has blocks 0 to 1.');
    expect(() => inLlama({ target_modules: '.*up_proj', layers_to_transform: [1] })).toThrow('say the layers in the pattern');
  });

  it('have ranks and strengths of their own, by the first key that fits', () => {
    const config = lora({ target_modules: ['q_proj', 'up_proj'], rank_pattern: { '^model.layers.0.*': 3, q_proj: 4 }, alpha_pattern: { up_proj: 12 } });
    expect(adaptedLayers(llama, config).map(({ rank, scale, a }) => [rank, scale, a.shape[0]])).toEqual([[3, 2, 3], [3, 4, 3], [4, 1.5, 4], [2, 6, 2]]);
  });
});

describe('parameters that learn whole', () => {
  const learned = (model: Adaptable, changes: Partial<LoraConfig>) => wholeParameters(model, lora(changes), new Set(adapted(model, lora(changes)))).trainable.map(({ name }) => name);

  it('are of modules that end in a name, or hold one that does', () => {
    expect(learned(llama, { modules_to_save: ['model.norm', 'layers.1.mlp'] })).toEqual(['model.layers.1.mlp.gate_proj.weight', 'model.layers.1.mlp.up_proj.weight', 'model.layers.1.mlp.down_proj.weight', 'model.norm.weight']);
    expect(learned(llama, { modules_to_save: ['norm'] })).toHaveLength(5); // input_layernorm and post_attention_layernorm too, as in PEFT
    expect(() => learned(llama, { modules_to_save: ['wte'] })).toThrow('lora.modules_to_save: "wte" is no module of this llama model; choose among model, embed_tokens, layers, self_attn,');
  });

  it('are biases, all or those of adapted modules', () => {
    expect(learned(gpt2, { bias: 'lora_only' })).toEqual(['transformer.h.0.attn.c_attn.bias', 'transformer.h.1.attn.c_attn.bias']);
    expect(learned(gpt2, { bias: 'all' })).toHaveLength(13);
  });

  it('of a tie that always is are refused', () => {
    const bloom = readModel(join(goldenFolder, 'models', 'bloom'));
    const tuned = (changes: Partial<LoraConfig>) => tuningOf({ finetuning: 'lora', lora: lora(changes), freeze: { num_trainable_layers: 1 }, quantization: 'none', precision: 'f32' }, bloom);
    expect(() => tuned({ modules_to_save: ['lm_head'] })).toThrow('In every bloom model the embedding is the head');
    expect(tuned({ modules_to_save: ['lm_head'], ensure_weight_tying: true }).trainable.at(-1)?.name).toBe('transformer.word_embeddings.weight');
    const encoder: Adaptable = { ...gpt2, task: 'masked-token' };
    expect(() => learned(encoder, { modules_to_save: ['wte'] })).toThrow('only models of the next word can learn one without the other');
  });
});

describe('the branch', () => {
  const layer: Linear = { module: 'block.proj', inputSize: 3, outputSize: 2, bias: true, transposeW: true, std: 1 };
  const model: Adaptable = { modelType: 'one linear', parameters: linearParameters(layer), linears: [layer], loraTargets: ['proj'], task: 'next-token', headModules: [], tied: null };
  const values: Record<string, Tensor<'f32'>> = {
    'block.proj.weight': f32([2, 3], [1, 2, 3, 4, 5, 6]),
    'block.proj.bias': f32([2], [0.5, -0.5]),
    'base_model.model.block.proj.lora_A.weight': f32([2, 3], [1, 0, -1, 2, 1, 0]),
    'base_model.model.block.proj.lora_B.weight': f32([2, 2], [1, 2, -1, 1]),
    'base_model.model.block.proj.lora_magnitude_vector': f32([2], [3, 5]),
    'block.proj.weight.squared_lengths': f32([2], [14, 77]),
  };

  async function run(config: LoraConfig, training: boolean, feeds: Record<string, Tensor>) {
    const g = new Builder();
    const [weight, bias] = [g.variable('block.proj.weight', [2, 3]), g.variable('block.proj.bias', [2])];
    const y = g.linear(g.input('x', ['B', 3]), weight, { bias, transposeW: true });
    const { rewritten, parameters, dropoutMasks } = adapt(g, [y], { model, config, training });
    const lengths = config.use_dora ? [{ name: 'block.proj.weight.squared_lengths', shape: [2], dtype: 'f32', role: 'frozen' } as const] : [];
    const program: Program = {
      variables: [...lengths, { name: 'block.proj.weight', shape: [2, 3], dtype: 'f32', role: 'frozen' }, { name: 'block.proj.bias', shape: [2], dtype: 'f32', role: 'frozen' }, ...variablesOf(parameters, 'trainable')],
      functions: { run: makeFn('run', { y: rewritten.get(y)! }) },
    };
    const executable = await compile(referenceEngine, program, ({ name }) => values[name]);
    return { y: [...(await executable.run('run', feeds)).y.data], dropoutMasks };
  }

  it('adds s·B(A(x)) to the linear map', async () => {
    const { y, dropoutMasks } = await run(lora(), true, { x: f32([1, 3], [1, 2, 3]) });
    expect(dropoutMasks).toEqual([]);
    // x·Wᵀ + b = [14.5, 31.5]; A·x = [−2, 4]; B·(A·x) = [6, 6]; s = 6/2
    expect(y).toEqual([14.5 + 18, 31.5 + 18]);
    expect(adaptedLayers(model, lora({ use_rslora: true }))[0].scale).toBeCloseTo(6 / Math.SQRT2);
  });

  it('drops inputs of the branch alone, and only in training', async () => {
    const config = lora({ lora_dropout: 0.75 });
    const x = f32([1, 3], [1, 2, 3]);
    const { y, dropoutMasks } = await run(config, true, { x, 'dropout.block.proj': bool([1, 3], [1, 0, 1]) });
    expect(dropoutMasks).toEqual([{ name: 'dropout.block.proj', shape: ['B', 3], p: 0.75 }]);
    // x/(1 − p) with the middle dropped = [4, 0, 12]; A·x = [−8, 8]; B·(A·x) = [8, 16]
    expect(y).toEqual([14.5 + 24, 31.5 + 48]);
    expect(await run(config, false, { x })).toEqual({ y: [14.5 + 18, 31.5 + 18], dropoutMasks: [] });
  });

  it('of DoRA learns the lengths of the rows of W + s·B·A', async () => {
    // W + 3·B·A = [[16, 8, 0], [7, 8, 9]], of lengths √320 and √194
    const [first, second] = [3 / Math.sqrt(320), 5 / Math.sqrt(194)];
    const config = lora({ use_dora: true });
    const x = f32([1, 3], [1, 2, 3]);
    const { y } = await run(config, true, { x });
    expect(y[0]).toBeCloseTo(first * 32 + 0.5, 4);
    expect(y[1]).toBeCloseTo(second * 50 - 0.5, 4);
    const weight = mergedWeights(model, { config, tensors: new Map(Object.entries(values)) }, (name) => values[name])('block.proj.weight');
    [16 * first, 8 * first, 0, 7 * second, 8 * second, 9 * second].forEach((expected, i) => expect(weight.data[i]).toBeCloseTo(expected, 5));
  });

  it('of DoRA drops of x·W what is not x·W itself, as PEFT does', async () => {
    const [first, second] = [3 / Math.sqrt(320), 5 / Math.sqrt(194)];
    const { y } = await run(lora({ use_dora: true, lora_dropout: 0.75 }), true, { x: f32([1, 3], [1, 2, 3]), 'dropout.block.proj': bool([1, 3], [1, 0, 1]) });
    // of [4, 0, 12]: x·Wᵀ = [40, 88], 3·B·A·x = [24, 48]
    expect(y[0]).toBeCloseTo(14.5 + (first - 1) * 40 + first * 24, 4);
    expect(y[1]).toBeCloseTo(31.5 + (second - 1) * 88 + second * 48, 4);
  });

  it('merges into weights of either layout, and out again', () => {
    const [a, b] = [values['base_model.model.block.proj.lora_A.weight'], values['base_model.model.block.proj.lora_B.weight']];
    const weight = values['block.proj.weight'];
    const merged = mergeInto(weight, { a, b, scale: 3 }, true); // B·A = [[5,2,−1],[1,1,1]]
    expect([...merged.data]).toEqual([1 + 15, 2 + 6, 3 - 3, 4 + 3, 5 + 3, 6 + 3]);
    expect(mergeInto(merged, { a, b, scale: -3 }, true)).toEqual(weight);
    const conv = f32([3, 2], [1, 4, 2, 5, 3, 6]);
    expect([...mergeInto(conv, { a, b, scale: 3 }, false).data]).toEqual([16, 7, 8, 8, 0, 9]);
  });

  it('starts at zero: A uniform in ±1/√in, B zero, each by its name', () => {
    const [a, b, other] = adapterParameters(adaptedLayers(gpt2, lora({ r: 64 }))).map((spec) => initialValue(spec, 1).data);
    expect(Math.max(...a)).toBeCloseTo(1 / Math.sqrt(12), 2);
    expect(Math.min(...a)).toBeCloseTo(-1 / Math.sqrt(12), 2);
    expect(a.reduce((sum, x) => sum + x * x, 0) / a.length).toBeCloseTo(1 / 36, 2); // limit²/3
    expect(new Set(b)).toEqual(new Set([0]));
    expect(other).not.toEqual(a);
    const first = (changes: Partial<LoraConfig>) => adapterParameters(adaptedLayers(gpt2, lora({ r: 64, ...changes }))).slice(0, 2).map((spec) => initialValue(spec, 1).data);
    const spread = (data: Float32Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    const [gaussian, zero] = first({ init_lora_weights: 'gaussian' });
    expect([spread(gaussian) * 64, spread(zero)]).toEqual([expect.closeTo(1, 1), 0]);
    expect(spread(first({ init_lora_weights: false })[1])).toBeCloseTo(1 / 8 / Math.sqrt(3), 2);
  });
});

describe.each(['stories260k', 'tiny-random-gpt2'])('the adapter that PEFT trained on %s', (name) => {
  const folder = join(material, 'models', name);
  const golden = join(goldenFolder, 'lora', name);
  const ids = readJson<{ rows: { input_ids: number[] }[] }>(golden, 'golden.json').rows[0].input_ids;

  it.skipIf(!existsSync(folder))('gives PEFT\'s logits here, and so do the merged weights (skipped without the model beside the checkout)', async () => {
    const model = readModel(folder);
    const adapter = readAdapter(join(golden, 'final'));
    const { data: expected } = SafetensorsFile.open(join(golden, 'logits.safetensors')).read('logits'); // every 9th position and 7th token
    const some = (logits: Tensor) => logits.data.filter((_, i) => Math.floor(i / model.vocabSize) % 9 === 0 && (i % model.vocabSize) % 7 === 0);
    const base = initialWeights(model, folder);
    const feeds = tokenFeeds([ids], [ids.map(() => 1)]);
    expect(greatestDifference(some(await adaptedLogits(model, adapter, base, feeds)), expected)).toBeLessThan(1e-4);

    const merged = mergedWeights(model, adapter, base);
    const executable = await compile(onnxEngine, modelProgram(model), (variable) => merged(variable.name));
    expect(greatestDifference(some((await executable.run('logits', feeds)).logits), expected)).toBeLessThan(1e-4);
    await executable.dispose();
  });

  it.skipIf(!existsSync(folder))('is written again as PEFT wrote it (skipped without the model beside the checkout)', async () => {
    const model = readModel(folder);
    const theirs = readAdapter(join(golden, 'final'));
    const { parameters } = adapt(new Builder(), [], { model, config: theirs.config, training: false });
    const out = temporary();
    await writeAdapter(out, { model, config: theirs.config, baseModel: name, parameters, read: (key) => theirs.tensors.get(key)! });
    expect(readdirSync(out).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);

    const ours = SafetensorsFile.open(join(out, 'adapter_model.safetensors'));
    expect(new Map(ours.names.map((key) => [key, ours.read(key)]))).toEqual(new Map([...theirs.tensors].sort(([a], [b]) => parameters.findIndex((p) => p.name === a) - parameters.findIndex((p) => p.name === b))));
    const [written, original] = [out, join(golden, 'final')].map((path) => readJson<Record<string, unknown>>(path, 'adapter_config.json'));
    expect({ ...original, ...written, target_modules: (written.target_modules as string[]).toSorted() }).toEqual({ ...original, target_modules: (original.target_modules as string[]).toSorted() });
    expect(readAdapter(out)).toEqual({ ...theirs, folder: out, config: { ...theirs.config, adapter_name_or_path: out } });
  });
});

async function adaptedLogits(model: Model, adapter: Adapter, base: (name: string) => Tensor<'f32'>, feeds: Record<string, Tensor>): Promise<Tensor> {
  const g = new Builder();
  const { hidden, head } = model.forward(g, tokenInputs(g, model));
  const logits = g.linear(hidden, head.weight, { transposeW: true }); // [B,T,V]
  const { rewritten, parameters } = adapt(g, [logits], { model, config: adapter.config, training: false });
  const program: Program = { variables: [...variablesOf(model.parameters, 'frozen'), ...variablesOf(parameters, 'trainable')], functions: { run: makeFn('run', { logits: rewritten.get(logits)! }) } };
  const executable = await compile(onnxEngine, program, ({ name }) => adapter.tensors.get(name) ?? base(name));
  const result = await executable.run('run', feeds);
  await executable.dispose();
  return result.logits;
}

describe('adapter folders', () => {
  const start = join(goldenFolder, 'lora', 'tiny-random-gpt2', 'start');

  /** The golden adapter with some keys of its config changed. */
  function changed(changes: Record<string, unknown>): string {
    const folder = temporary();
    cpSync(start, folder, { recursive: true });
    writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify({ ...readJson<object>(start, 'adapter_config.json'), ...changes }));
    return folder;
  }

  it.each([
    [{ peft_type: 'IA3' }, /peft_type in adapter_config\.json: IA3 adapters are not supported, LORA is\.$/],
    [{ lora_bias: true }, /lora_bias in adapter_config\.json: true is not supported\.$/],
    [{ init_lora_weights: 'pissa_niter_4' }, /init_lora_weights in adapter_config\.json: "pissa_niter_4" is not supported\.$/],
    [{ r: 0 }, /r in adapter_config\.json: /],
  ])('with %j are refused in a sentence', (changes, sentence) => {
    expect(() => readAdapter(changed(changes))).toThrow(UserError);
    expect(() => readAdapter(changed(changes))).toThrow(sentence);
  });

  it('that choose modules by a pattern or by layers are read by their tensors', () => {
    const modules = [0, 1, 2, 3, 4].map((layer) => `transformer.h.${layer}.attn.c_attn`);
    expect(readAdapter(changed({ target_modules: '.*c_attn' })).config.target_modules).toEqual(modules);
    expect(readAdapter(changed({ layers_to_transform: [0, 1, 2, 3, 4] })).config.target_modules).toEqual(modules);
    expect(readAdapter(start).config.target_modules).toEqual(['c_attn']);
  });

  it('that name modules of other models too are read without those', () => {
    expect(readAdapter(changed({ target_modules: ['q_proj', 'c_attn', 'query_key_value', 'attn'] })).config.target_modules).toEqual(['c_attn']);
  });

  it('hold copies that nothing reads: the insides of wrappers, and a bias of a head of words', async () => {
    const model = readModel(join(goldenFolder, 'encoders', 'bert-words'));
    const config = lora({ bias: 'all' });
    const { trainable: parameters } = tuningOf({ finetuning: 'lora', lora: config, freeze: { num_trainable_layers: 1 }, quantization: 'none', precision: 'f32' }, model);
    const out = temporary();
    await writeAdapter(out, { model, config, baseModel: 'bert', parameters, read: (key) => f32(parameters.find(({ name }) => name === key)!.shape) });
    const written = SafetensorsFile.open(join(out, 'adapter_model.safetensors'));
    const theirs = [...written.names, 'base_model.model.cls.predictions.decoder.bias', 'base_model.model.classifier.original_module.dense.bias', 'base_model.model.classifier.modules_to_save.dense.bias'];
    await writeSafetensors(join(out, 'adapter_model.safetensors'), theirs.map((name) => ({ name, shape: written.names.includes(name) ? written.info(name).shape : [3] })), (name) => (written.names.includes(name) ? written.read(name) : f32([3])));
    expect(written.names).toContain('base_model.model.bert.encoder.layer.0.attention.self.query.base_layer.bias');
    checkAdapter(out, parameters, config);
    expect([...readAdapter(out).tensors.keys()].some((name) => name.includes('original_module'))).toBe(false);
  });

  it('without files, or with a damaged one, say so', () => {
    const folder = temporary();
    expect(() => readAdapter(folder)).toThrow(/is no adapter folder: its adapter_config\.json cannot be read/);
    cpSync(join(start, 'adapter_config.json'), join(folder, 'adapter_config.json'));
    writeFileSync(join(folder, 'adapter_model.bin'), '');
    expect(() => readAdapter(folder)).toThrow(/adapter_model\.bin is truncated/);
  });

  it('are checked against what is to be trained further', () => {
    const { config } = readAdapter(start);
    const of = (model: Adaptable, changes: Partial<LoraConfig> = {}) => adapt(new Builder(), [], { model, config: { ...config, ...changes }, training: false }).parameters;
    expect(() => checkAdapter(start, of(gpt2), config)).toThrow(/h\.0\.attn\.c_attn\.lora_A\.weight in .* has shape \[3, 32\] where \[3, 12\] is wanted; lora\.r and lora\.target_modules must be those of its adapter_config\.json/);
    expect(() => checkAdapter(start, of(gpt2), { ...config, lora_alpha: 7 })).toThrow(/was made with lora\.lora_alpha 6, not 7/);
    expect(() => checkAdapter(start, of(llama, { target_modules: 'auto' }), config)).toThrow(UserError);
    // The same strength, said otherwise.
    const parameters = of(gpt2, { r: 3 });
    const strong = changed({ alpha_pattern: { c_attn: 9, c_proj: 2 } });
    expect(() => checkAdapter(strong, parameters, { ...config, alpha_pattern: { c_fc: 1, c_attn: 9 } })).not.toThrow(/alpha/);
    expect(() => checkAdapter(strong, parameters, { ...config, alpha_pattern: { c_attn: 8 } })).toThrow(/was made with lora\.alpha_pattern \{"c_attn":9,"c_proj":2\}, not \{"c_attn":8\}/);
  });

  const fixtures = join(material, 'fixtures');
  it.skipIf(!existsSync(fixtures))('written by older versions of PEFT are read (skipped without them beside the checkout)', () => {
    const classifier = readAdapter(join(fixtures, 'peft-gpt2-seqcls'));
    expect(classifier).toMatchObject({ taskType: 'SEQ_CLS', baseModel: 'gpt2', config: { r: 8, lora_alpha: 8, target_modules: ['c_attn'] } });
    expect(classifier.tensors.size).toBe(25);
    const big = { ...gpt2, linears: gpt2.linears.filter(({ module }) => module.endsWith('0.attn.c_attn')).flatMap((layer) => Array.from({ length: 12 }, (_, i) => ({ ...layer, module: `transformer.h.${i}.attn.c_attn`, inputSize: 768, outputSize: 2304 }))) };
    const { parameters } = adapt(new Builder(), [], { model: big, config: classifier.config, training: false });
    expect(() => checkAdapter(classifier.folder, parameters, classifier.config)).toThrow(/has a tensor base_model\.model\.score\.weight that has no place here/);
  });
});
