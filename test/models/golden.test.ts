import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executable } from '../../src/engine/contract.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { argMax, compile, engines, goldenFolder, greatestDifference, labelFeeds, loraLosses, modelProgram, pickRows, readJson, relativeError, tokenFeeds, type LoraGolden } from '../golden/support.js';

interface Golden {
  readonly input_ids: number[][];
  readonly attention_mask: number[][];
  readonly labels: number[][];
  readonly loss: number;
  readonly greedy: number[];
  readonly lora: LoraGolden;
}

const folder = join(goldenFolder, 'models');

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
      expect([...model.loraTargets].sort()).toEqual([...golden.lora.target_modules].sort());
      const feeds = { ...tokenFeeds(golden.input_ids, golden.attention_mask), ...labelFeeds(golden.labels) };
      const losses = await loraLosses(engine, { model, folder: path, golden: golden.lora, feeds });
      expect(greatestDifference(losses, golden.lora.losses)).toBeLessThan(5e-5);
    });
  });
});
