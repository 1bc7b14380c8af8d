/** BART against Transformers and PEFT, ChatGLM-6B against a reference after its own code: what reads more than tokens. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collate } from '../../src/data/batch/collate.js';
import { promptAndAnswer, sourceAndTarget, type Layout } from '../../src/data/batch/layout.js';
import type { Model } from '../../src/models/contract.js';
import { generationConfig } from '../../src/models/generation.js';
import { modelFromConfig, readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { generateTokens } from '../../src/trainer/generate/generate.js';
import { inferenceProgram } from '../../src/trainer/program.js';
import { greedy } from '../../src/trainer/generate/sampling.js';
import { untuned } from '../../src/trainer/tuning.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { f32, type Tensor } from '../../src/util/tensor.js';
import { heldRows } from '../data/held-rows.js';
import { compile, engines, goldenFolder, greatestDifference, gradientProgram, learnedNames, loraLosses, material, readJson, relativeError, type LoraGolden } from '../golden/support.js';

interface Golden {
  readonly input_ids: number[][];
  readonly attention_mask: number[][];
  readonly labels: number[][];
  readonly loss: number;
  readonly prompt: number[];
  readonly greedy: number[];
  readonly lora: LoraGolden;
}

/** The golden rows as they are stored, laid out as a run lays them. */
function feedsOf({ input_ids, attention_mask, labels }: Golden, { encoderDecoder, answerStartId }: Model, packed = false): Record<string, Tensor> {
  const real = input_ids.map((row, b) => row.filter((_, t) => attention_mask[b][t] === 1));
  const targets = labels.map((row) => row.filter((label) => label !== -100));
  const rows = real.map((ids, b) => (encoderDecoder ? { ids: [...ids, ...targets[b]], learned: ids.length } : { ids, learned: ids.map((_, t) => labels[b][t] !== -100) }));
  const layout: Layout = encoderDecoder ? sourceAndTarget(encoderDecoder.startId) : promptAndAnswer(answerStartId!);
  const { inputs, labelCount } = collate(heldRows(rows), packed ? [[...rows.keys()]] : rows.map((_, row) => [row]), { padId: 0, layout });
  return { ...inputs, label_weights: f32([labelCount], new Float32Array(labelCount).fill(1 / labelCount)) };
}

describe.each(engines)('models that read more than tokens, on $name', (engine) => {
  describe.each(['bart/plain', 'bart/options', 'chatglm'])('%s', (name) => {
    const path = join(goldenFolder, name);
    const model = readModel(path);
    const golden = readJson<Golden>(path, 'golden.json');
    const tensors = SafetensorsFile.open(join(path, 'golden.safetensors'));
    const feeds = feedsOf(golden, model);

    it('gives the logits, the loss and the gradient of every parameter', async () => {
      const weights = initialWeights(model, path);
      const executable = await compile(engine, gradientProgram(model), (variable) => weights(variable.name));
      const { loss: ours, logits: chosen, ...gradients } = await executable.run('all', feeds);
      const packed = await executable.run('all', feedsOf(golden, model, true));
      await executable.dispose();

      expect(ours.data[0]).toBeCloseTo(golden.loss, 5);
      expect(relativeError(chosen.data, tensors.read('logits').data)).toBeLessThan(1e-5);
      expect(relativeError(packed.logits.data, chosen.data)).toBeLessThan(1e-5); // rows in one see each other no more than apart
      expect(Object.keys(gradients).sort()).toEqual(learnedNames(model).sort());
      const differ = ([key, { data }]: [string, Tensor]): boolean => {
        const theirs = tensors.read(`grad.${key}`).data; // softmax does not see a key's bias: both are rounding there
        return !(relativeError(data, theirs) < 1e-5 || (/k_proj\.bias$/.test(key) && greatestDifference(data, theirs) < 1e-6));
      };
      expect(Object.entries(gradients).filter(differ).map(([key]) => key)).toEqual([]);
    });

    it('writes the same tokens, with the source or the prompt read once', async () => {
      const weights = initialWeights(model, path);
      const executable = await compile(engine, inferenceProgram(model, untuned(model, { quantization: 'none', precision: 'f32' })), ({ name: variable }) => weights(variable));
      const { ids, stopped } = await generateTokens(executable, model, golden.prompt, { ...greedy, maxNewTokens: golden.greedy.length, seed: 0, stopIds: [], generation: generationConfig(path, model) });
      await executable.dispose();
      expect(ids).toEqual(golden.greedy);
      expect(stopped).toBe('length');
    });

    it('learns an adapter as PEFT does, on the modules that PEFT takes', async () => {
      expect([...model.loraTargets].sort()).toEqual([...golden.lora.target_modules].sort());
      const losses = await loraLosses(engine, { model, folder: path, golden: golden.lora, feeds });
      expect(greatestDifference(losses, golden.lora.losses)).toBeLessThan(5e-5);
    });
  });
});

describe('configs of released models', () => {
  const released = (name: string) => readJson<Record<string, unknown>>(material, 'configs', name, 'config.json');

  it.skipIf(!existsSync(join(material, 'configs')))('are taken as they are (skipped without them beside the checkout)', () => {
    const bart = modelFromConfig(released('bart-large-cnn'), 'here', { stage: 'seq2seq', labels: null });
    expect(bart).toMatchObject({ contextLength: 1024, layerCount: 24, encoderDecoder: { decoderLayers: 12, startId: 2 }, eosTokenIds: [2] });
    const glm = modelFromConfig(released('chatglm-6b'), 'here', { stage: 'sft', labels: null });
    expect(glm).toMatchObject({ contextLength: 2048, layerCount: 28, answerStartId: 130_004, eosTokenIds: [130_005] });
    const count = (model: Model) => model.parameters.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
    expect(count(bart)).toBe(406_291_456 + 50_265); // Transformers' count, and the bias, which is none of its parameters
    expect(count(glm)).toBe(6_173_286_400); // what PEFT printed for it, less the adapter
  });

  it('say what is not built', () => {
    const glm = readJson<Record<string, unknown>>(goldenFolder, 'chatglm', 'config.json');
    expect(() => modelFromConfig({ ...glm, position_encoding_2d: false }, 'here')).toThrow(/position_encoding_2d: one-dimensional positions are not supported/);
    expect(() => modelFromConfig({ ...glm, quantization_bit: 4 }, 'here')).toThrow(/quantization_bit: weights in 4 or 8 bits are not supported/);
    expect(() => modelFromConfig(glm, 'here', { stage: 'pretrain', labels: null })).toThrow(/stage pretrain is not for a chatglm model; set stage: sft/);
    const bart = readJson<Record<string, unknown>>(goldenFolder, 'bart', 'plain', 'config.json');
    expect(() => modelFromConfig(bart, 'here', { stage: 'sft', labels: null })).toThrow(/stage sft is not for a bart model; set stage: seq2seq/);
    expect(() => modelFromConfig({ ...bart, decoder_start_token_id: 99 }, 'here')).toThrow(/decoder_start_token_id: 99 is none of 31 tokens/);
  });
});
