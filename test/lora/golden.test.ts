/** Ten updates against Transformers' Trainer with PEFT: losses, gradient norms and the final adapter. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Executable } from '../../src/engine/contract.js';
import { readAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { clipFactor } from '../../src/optim/norm.js';
import { learningRateAt } from '../../src/optim/schedule.js';
import { f32, scalar } from '../../src/util/tensor.js';
import { beta1, beta2, compile, engines, goldenFolder, greatestDifference, labelFeeds, loraProgram, material, readJson, tokenFeeds } from '../golden/support.js';

interface Golden {
  readonly settings: {
    readonly learning_rate: number;
    readonly lr_scheduler_type: 'cosine';
    readonly warmup_steps: number;
    readonly weight_decay: number;
    readonly max_grad_norm: number;
    readonly updates: number;
    readonly accumulation: number;
    readonly batch: number;
  };
  readonly rows: { readonly input_ids: number[]; readonly prompt: number }[];
  readonly losses: number[];
  readonly grad_norms: number[];
  readonly learning_rates: number[];
}

/** One micro-batch with its labels weighted by the labels of the whole update. */
function feeds(rows: Golden['rows'], labelCount: number) {
  const length = Math.max(...rows.map(({ input_ids }) => input_ids.length));
  const pad = (values: number[], value: number) => [...values, ...new Array<number>(length - values.length).fill(value)];
  const ids = rows.map(({ input_ids }) => pad(input_ids, 0));
  const mask = rows.map(({ input_ids }) => pad(input_ids.map(() => 1), 0));
  const labels = rows.map(({ input_ids, prompt }) => pad(input_ids.map((id, t) => (t < prompt ? -100 : id)), -100));
  return { ...tokenFeeds(ids, mask), ...labelFeeds(labels, 1 / labelCount) };
}

async function runUpdates(executable: Executable, { settings, rows }: Golden) {
  const points: { loss: number; norm: number; rate: number }[] = [];
  const perUpdate = settings.batch * settings.accumulation;
  for (let update = 0; update < settings.updates; update++) {
    const taken = rows.slice(update * perUpdate, (update + 1) * perUpdate);
    const labelCount = taken.reduce((sum, { input_ids, prompt }) => sum + input_ids.length - prompt, 0);
    let loss = 0;
    for (let i = 0; i < perUpdate; i += settings.batch) {
      loss += (await executable.run('micro_step', feeds(taken.slice(i, i + settings.batch), labelCount))).loss.data[0];
    }
    const norm = (await executable.run('norm', {})).norm.data[0];
    const rate = learningRateAt({ ...settings, warmup_ratio: 0 }, update, settings.updates);
    await executable.run('update', {
      learning_rate: scalar(rate),
      clip: scalar(clipFactor(norm, settings.max_grad_norm)),
      bias_correction1: scalar(1 - beta1 ** (update + 1)),
      bias_correction2: scalar(1 - beta2 ** (update + 1)),
    });
    points.push({ loss, norm, rate });
  }
  return points;
}

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
