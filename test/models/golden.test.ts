import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executable } from '../../src/engine/contract.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { f32, scalar, sizeOf } from '../../src/util/tensor.js';
import { argMax, beta1, beta2, compile, engines, goldenFolder, greatestDifference, labelFeeds, loraProgram, modelProgram, pickRows, readJson, relativeError, tokenFeeds } from '../golden/support.js';

interface Golden {
  readonly input_ids: number[][];
  readonly attention_mask: number[][];
  readonly labels: number[][];
  readonly loss: number;
  readonly greedy: number[];
  readonly lora: {
    readonly r: number;
    readonly lora_alpha: number;
    readonly target_modules: string[];
    readonly learning_rate: number;
    readonly weight_decay: number;
    readonly losses: number[];
  };
}

const folder = join(goldenFolder, 'models');

/** As the maker of the goldens sets it. */
function adapterStart(name: string, shape: readonly number[]): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, k) => (name.includes('lora_A') ? 0.2 * Math.sin(k + 1) : 0.1 * Math.cos(k + 1)));
}

describe.each(engines)('models against Transformers on $name', (engine) => {
  describe.each(readdirSync(folder))('%s', (name) => {
    const path = join(folder, name);
    const model = readModel(path);
    const golden = readJson<Golden>(path, 'golden.json');
    const tensors = SafetensorsFile.open(join(path, 'golden.safetensors'));
    let executable: Executable;
    beforeAll(async () => {
      const weights = initialWeights(model, path);
      executable = await compile(engine, modelProgram(model), (variable) => weights(variable.name));
    });
    afterAll(() => executable.dispose());

    it('gives the logits of every real token', async () => {
      const { logits } = await executable.run('logits', tokenFeeds(golden.input_ids, golden.attention_mask));
      expect(relativeError(pickRows(logits, golden.attention_mask.flat()), tensors.read('logits').data)).toBeLessThan(1e-5);
    });

    it('gives the loss and the gradient of every parameter', async () => {
      const feeds = { ...tokenFeeds(golden.input_ids, golden.attention_mask), ...labelFeeds(golden.labels) };
      const { loss, ...gradients } = await executable.run('gradients', feeds);
      expect(loss.data[0]).toBeCloseTo(golden.loss, 5);
      expect(Object.keys(gradients).sort()).toEqual(model.parameters.map((p) => p.name).sort());
      const errors = Object.entries(gradients).map(([key, { data }]) => [key, relativeError(data, tensors.read(`grad.${key}`).data)]);
      expect(errors.filter(([, error]) => !(Number(error) < 1e-5))).toEqual([]);
    });

    it('continues greedily with the same tokens', async () => {
      const ids = golden.greedy.slice(0, 5);
      while (ids.length < golden.greedy.length) {
        const { logits } = await executable.run('logits', tokenFeeds([ids], [ids.map(() => 1)]));
        ids.push(argMax(logits.data.slice(-model.vocabSize)));
      }
      expect(ids).toEqual(golden.greedy);
    });

    it('learns an adapter as PEFT does, on the modules that PEFT takes', async () => {
      const { learning_rate, weight_decay, losses, target_modules, r, lora_alpha } = golden.lora;
      expect([...model.loraTargets].sort()).toEqual([...target_modules].sort());
      const config = { r, lora_alpha, lora_dropout: 0, use_rslora: false, target_modules: 'auto' as const, adapter_name_or_path: null };
      const { program } = loraProgram(model, config, weight_decay);
      const weights = initialWeights(model, path);
      const trained = await compile(engine, program, ({ name: key, role, shape }) => (role === 'frozen' ? weights(key) : f32(shape, role === 'trainable' ? adapterStart(key, shape) : undefined)));
      const feeds = { ...tokenFeeds(golden.input_ids, golden.attention_mask), ...labelFeeds(golden.labels) };
      const ours: number[] = [];
      for (const step of losses.keys()) {
        ours.push((await trained.run('micro_step', feeds)).loss.data[0]);
        const correction = { bias_correction1: scalar(1 - beta1 ** (step + 1)), bias_correction2: scalar(1 - beta2 ** (step + 1)) };
        await trained.run('update', { learning_rate: scalar(learning_rate), clip: scalar(1), ...correction });
      }
      await trained.dispose();
      expect(greatestDifference(ours, losses)).toBeLessThan(5e-5);
    });
  });
});
