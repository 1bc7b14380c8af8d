/** LoRA's options against PEFT: ten updates each, the adapter that comes out, and what the model says with it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { LoraConfig } from '../../src/config/schema.js';
import type { Executable } from '../../src/engine/contract.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { Builder } from '../../src/graph/builder.js';
import { mulDims } from '../../src/graph/dims.js';
import type { Fn } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import type { DropoutMask } from '../../src/lora/adapt.js';
import { squaredLengthsOf } from '../../src/lora/dora.js';
import { adaptedLayers } from '../../src/lora/layers.js';
import { mergeInto } from '../../src/lora/merge.js';
import { readName, savedName } from '../../src/lora/names.js';
import { checkAdapter, readAdapter, writeAdapter } from '../../src/lora/peft.js';
import type { Model } from '../../src/models/contract.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import type { Linear } from '../../src/nn/layers.js';
import { logitsOf } from '../../src/nn/head.js';
import { mergedModel } from '../../src/trainer/adapted.js';
import { inferenceValues, initialValues } from '../../src/trainer/initial.js';
import { tokenInputs } from '../../src/trainer/inputs.js';
import { optimizerState } from '../../src/trainer/optimizer.js';
import { inferenceProgram, trainingProgram } from '../../src/trainer/program.js';
import { tuningOf, untuned, type Tuning } from '../../src/trainer/tuning.js';
import { rounded } from '../../src/util/half.js';
import { bool, f32, sizeOf, type Tensor } from '../../src/util/tensor.js';
import { SafetensorsFile, writeSafetensors } from '../../src/weights/safetensors.js';
import { compile, engines, goldenFolder, greatestDifference, modelProgram, readJson, tokenFeeds } from '../golden/support.js';
import { meant, runUpdates, type Golden } from '../golden/updates.js';

const projections = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

/** Those of test/golden/lora_options.py. */
const runs: Readonly<Record<string, Partial<LoraConfig>>> = {
  dora: { r: 3, lora_alpha: 6, use_dora: true, target_modules: projections, exclude_modules: ['down_proj'], rank_pattern: { q_proj: 2 }, alpha_pattern: { v_proj: 12 } },
  'dora-conv1d': { r: 2, lora_alpha: 4, use_dora: true, use_rslora: true, target_modules: '.*\\.(attn\\.c_attn|c_fc)', bias: 'lora_only' },
  'dora-dropout': { r: 2, lora_alpha: 4, use_dora: true, lora_dropout: 0.25, target_modules: ['q_proj', 'down_proj'] },
  layers: { r: 2, lora_alpha: 4, use_rslora: true, target_modules: projections, layers_to_transform: [1], rank_pattern: { '^model.layers.1.mlp.*': 4 }, alpha_pattern: { k_proj: 9 }, bias: 'all' },
  'saved-embedding': { r: 2, lora_alpha: 4, modules_to_save: ['embed_tokens', 'norm'] },
  'saved-head': { r: 2, lora_alpha: 4, modules_to_save: ['lm_head', 'wpe'], bias: 'all' },
  'saved-both': { r: 2, lora_alpha: 4, modules_to_save: ['embed_tokens', 'lm_head'] },
  'saved-tied': { r: 2, lora_alpha: 4, modules_to_save: ['lm_head'], ensure_weight_tying: true },
};

const folderOf = (name: string): string => join(goldenFolder, 'lora-options', name);

describe.each(Object.keys(runs))('%s', (name) => {
  const golden = readJson<Golden & { model: string }>(folderOf(name), 'golden.json');
  const folder = join(goldenFolder, 'models', golden.model);
  const experiment = parseExperiment({ model: folder, dataset: { path: 'rows.json' }, finetuning: 'lora', lora: runs[name], train: { weight_decay: golden.settings.weight_decay } });
  const model = readModel(folder);
  const tuning = tuningOf(experiment, model);
  const final = readAdapter(join(folderOf(name), 'final'));
  const expected = SafetensorsFile.open(join(folderOf(name), 'logits.safetensors')).read('logits').data;
  const ids = golden.rows[0].input_ids;
  const feeds = tokenFeeds([ids], [ids.map(() => 1)]);

  it.each(engines)('trains on $name as Transformers and PEFT do', async (engine) => {
    const start = SafetensorsFile.open(join(folderOf(name), 'start.safetensors'));
    const initial = initialValues({ experiment, model, tuning, checkpoint: null });
    const { program, masks } = trainingProgram(model, tuning, experiment.train);
    const executable = withBits(await compile(engine, program, (variable) => (start.names.includes(variable.name) ? start.read(variable.name) : initial(variable))), masks);
    const points = await runUpdates(executable, golden);
    expect(greatestDifference(points.map(({ loss }) => loss), golden.losses)).toBeLessThan(2e-5);
    expect(greatestDifference(points.map(({ norm }) => norm), golden.grad_norms)).toBeLessThan(1e-4);
    const others = [...final.tensors.keys()].filter((key) => !tuning.trainable.some((parameter) => savedName(parameter.name) === key));
    expect(others).toEqual(experiment.lora.ensure_weight_tying ? ['base_model.model.lm_head.weight'] : []); // the embedding once more
    for (const { name: key } of tuning.trainable) {
      expect(greatestDifference(meant(key, (await executable.read(key)).data), meant(key, final.tensors.get(savedName(key))!.data)), key).toBeLessThan(1e-4);
    }
    await executable.dispose();
  });

  it('that PEFT has trained gives its logits, as it is and merged', async () => {
    const adapted = await compile(referenceEngine, { variables: inferenceProgram(model, tuning).variables, functions: { run: logitsFn(model, tuning) } }, inferenceValues({ model, folder, tuning, adapter: final }).initial);
    expect(greatestDifference((await adapted.run('run', feeds)).logits.data, expected)).toBeLessThan(2e-5);
    await adapted.dispose();

    const { model: whole, read } = mergedModel(model, final, initialWeights(model, folder));
    const merged = await compile(referenceEngine, modelProgram(whole), (variable) => read(variable.name));
    expect(greatestDifference((await merged.run('logits', feeds)).logits.data, expected)).toBeLessThan(2e-5);
    await merged.dispose();
  });

  it('is the base alone where it is taken off', async () => {
    const { initial, without } = inferenceValues({ model, folder, tuning, adapter: final });
    const adapted = await compile(referenceEngine, { variables: inferenceProgram(model, tuning).variables, functions: { run: logitsFn(model, tuning) } }, initial);
    for (const parameter of tuning.trainable) await adapted.write(parameter.name, without(parameter));
    const weights = initialWeights(model, folder);
    const base = await compile(referenceEngine, modelProgram(model), (variable) => weights(variable.name));
    expect(greatestDifference((await adapted.run('run', feeds)).logits.data, (await base.run('logits', feeds)).logits.data)).toBeLessThan(2e-6);
    await Promise.all([adapted.dispose(), base.dispose()]);
  });

  it('goes on from a checkpoint with the same numbers', async () => {
    const { program, masks } = trainingProgram(model, tuning, experiment.train);
    const executable = withBits(await compile(referenceEngine, program, initialValues({ experiment, model, tuning, checkpoint: null })), masks);
    await runUpdates(executable, { ...golden, settings: { ...golden.settings, updates: 2 } });
    const checkpoint = join(mkdtempSync(join(tmpdir(), 'workbench-test-')), 'step-2');
    const read = async (key: string) => (await executable.read(key)) as Tensor<'f32'>;
    await writeAdapter(checkpoint, { model, config: experiment.lora, baseModel: folder, parameters: tuning.trainable, read });
    await writeSafetensors(join(checkpoint, 'optimizer.safetensors'), optimizerState(tuning.trainable, experiment.train), read);
    const initial = initialValues({ experiment, model, tuning, checkpoint });
    for (const variable of program.variables.filter(({ role }) => role === 'trainable' || role === 'moment')) {
      expect(initial(variable), variable.name).toEqual(await executable.read(variable.name));
    }
    await executable.dispose();
  });

  if (runs[name].use_dora === true) it('begins on a base in int8 as that base, whose lengths are other ones', async () => {
    const quantization = 'int8';
    const held = tuningOf({ ...experiment, quantization }, model);
    const { program, masks } = trainingProgram(model, held, experiment.train);
    const functions = { ...program.functions, run: logitsFn(model, held) };
    const adapted = withBits(await compile(referenceEngine, { ...program, functions }, initialValues({ experiment, model, tuning: held, checkpoint: null })), masks);
    const alone = untuned(model, { quantization, precision: 'f32' });
    const base = await compile(referenceEngine, { variables: inferenceProgram(model, alone).variables, functions: { run: logitsFn(model, alone) } }, inferenceValues({ model, folder, tuning: alone, adapter: null }).initial);
    expect(greatestDifference((await adapted.run('run', feeds)).logits.data, (await base.run('run', feeds)).logits.data)).toBeLessThan(2e-6);
    await runUpdates(adapted, { ...golden, settings: { ...golden.settings, updates: 1 } });
    await Promise.all([adapted.dispose(), base.dispose()]);
  });

  it('is written as PEFT writes it, and read again as it was', async () => {
    const out = mkdtempSync(join(tmpdir(), 'workbench-test-'));
    await writeAdapter(out, { model, config: experiment.lora, baseModel: golden.model, parameters: tuning.trainable, read: (key) => final.tensors.get(savedName(key))! });
    const [ours, theirs] = [out, join(folderOf(name), 'final')].map((at) => SafetensorsFile.open(join(at, 'adapter_model.safetensors')));
    expect(new Map(ours.names.toSorted().map((key) => [key, ours.read(key)]))).toEqual(new Map(theirs.names.filter((key) => readName(key) !== null).toSorted().map((key) => [key, theirs.read(key)])));
    const [written, original] = [out, join(folderOf(name), 'final')].map((at) => sorted(readJson<Record<string, unknown>>(at, 'adapter_config.json')));
    expect({ ...original, ...written }).toEqual(original);
    expect(readAdapter(out).tensors).toEqual(final.tensors);
    checkAdapter(out, tuning.trainable, experiment.lora);
  });
});

describe("DoRA's magnitudes", () => {
  const rowLengths = (weight: Tensor<'f32'>, linear: Linear): number[] => Array.from(squaredLengthsOf(weight, linear).data, Math.sqrt);

  it.each(['llama-gqa', 'gpt2'])('begin as the lengths of W + s·B·A where B is drawn, of %s', (name) => {
    const folder = join(goldenFolder, 'models', name);
    const experiment = parseExperiment({ model: folder, dataset: { path: 'rows.json' }, finetuning: 'lora', lora: { r: 2, lora_alpha: 6, use_dora: true, init_lora_weights: false } });
    const model = readModel(folder);
    const tuning = tuningOf(experiment, model);
    const initial = initialValues({ experiment, model, tuning, checkpoint: null });
    const weights = initialWeights(model, folder);
    for (const { linear, a, b, scale, magnitude } of adaptedLayers(model, experiment.lora)) {
      const [A, B, m] = [a, b, magnitude!].map(({ name: key, shape }) => initial({ name: key, shape, role: 'trainable', dtype: 'f32' }) as Tensor<'f32'>);
      const own = weights(`${linear.module}.weight`);
      const sum = mergeInto(own, { a: A, b: B, scale }, linear.transposeW);
      expect(greatestDifference(m.data, rowLengths(sum, linear)), linear.module).toBeLessThan(1e-6);
      expect(greatestDifference(m.data, rowLengths(own, linear)), linear.module).toBeGreaterThan(1e-2);
    }
  });

  it('are those of the weights as 16 bits hold them', () => {
    const folder = join(goldenFolder, 'models', 'llama-gqa');
    const experiment = parseExperiment({ model: folder, dataset: { path: 'rows.json' }, finetuning: 'lora', precision: 'bf16', lora: { use_dora: true } });
    const model = readModel(folder);
    const initial = initialValues({ experiment, model, tuning: tuningOf(experiment, model), checkpoint: null });
    const [{ linear, magnitude }] = adaptedLayers(model, experiment.lora);
    const { shape, data } = initialWeights(model, folder)(`${linear.module}.weight`);
    const held = f32(shape, data.map((value) => rounded('bf16', value)));
    const { data: lengths } = initial({ ...magnitude!, role: 'trainable', dtype: 'f32' });
    expect(greatestDifference(lengths, rowLengths(held, linear))).toBeLessThan(1e-6);
  });
});

/** The maker's bits for the i-th element of the n-th micro-batch, in place of random ones. */
function withBits(executable: Executable, masks: readonly DropoutMask[]): Executable {
  let calls = 0;
  return {
    ...executable,
    read: (name) => executable.read(name),
    write: (name, value) => executable.write(name, value),
    dispose: () => executable.dispose(),
    run(fn, feeds) {
      if (fn !== 'micro_step') return executable.run(fn, feeds);
      const call = calls++;
      const bits = masks.map(({ name, shape }) => {
        const full = [...feeds['input_ids'].shape, Number(shape.at(-1))];
        return [name, bool(full, Array.from({ length: sizeOf(full) }, (_, i) => Number((5 * i * i + 3 * i + call) % 8 >= 2)))] as const;
      });
      return executable.run(fn, { ...feeds, ...Object.fromEntries(bits) });
    },
  };
}

/** PEFT keeps lists as sets, in any order. */
function sorted(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, Array.isArray(value) ? value.toSorted() : value]));
}

/** Logits [T, V] of one text. */
function logitsFn(model: Model, tuning: Tuning): Fn {
  const g = new Builder();
  const { hidden, head } = model.forward(g, tokenInputs(g, model));
  const { outputs: [logits] } = tuning.apply(g, [logitsOf(g, g.reshape(hidden, [mulDims('B', 'T'), model.hiddenSize]), head)], false);
  return makeFn('run', { logits });
}
