/** Ten updates against Transformers' Trainer with PEFT: losses, gradient norms and the final adapter. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { f32 } from '../../src/util/tensor.js';
import { compile, engines, goldenFolder, greatestDifference, loraProgram, material, readJson } from '../golden/support.js';
import { runUpdates, type Golden } from '../golden/updates.js';

describe.each(engines)('LoRA against PEFT on $name', (engine) => {
  for (const name of ['stories260k', 'tiny-random-gpt2']) {
    const folder = join(material, 'models', name);
    it.skipIf(!existsSync(folder))(`trains ${name} as Transformers and PEFT do (skipped without its weights beside the checkout)`, async () => {
      const golden = readJson<Golden>(goldenFolder, 'lora', name, 'golden.json');
      const model = readModel(folder);
      const start = readAdapter(join(goldenFolder, 'lora', name, 'start'));
      const final = readAdapter(join(goldenFolder, 'lora', name, 'final'));
      const { program, parameters } = loraProgram(model, start.config, golden.settings.weight_decay);
      const base = initialWeights(model, folder);
      const executable = await compile(engine, program, ({ name: key, role, shape }) => (role === 'frozen' ? base(key) : role === 'trainable' ? start.tensors.get(key)! : f32(shape)));

      const points = await runUpdates(executable, golden);
      expect(greatestDifference(points.map(({ rate }) => rate), golden.learning_rates)).toBeLessThan(1e-9);
      expect(greatestDifference(points.map(({ loss }) => loss), golden.losses)).toBeLessThan(2e-5);
      expect(greatestDifference(points.map(({ norm }) => norm), golden.grad_norms)).toBeLessThan(1e-4);
      expect([...final.tensors.keys()].sort()).toEqual(parameters.map((p) => p.name).sort());
      for (const [key, tensor] of final.tensors) {
        expect(greatestDifference((await executable.read(key)).data, tensor.data), key).toBeLessThan(1e-4);
      }
      await executable.dispose();
    });
  }
});
