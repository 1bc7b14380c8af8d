/** BERT and RoBERTa against Transformers and PEFT: masked words and classes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFromConfig, readModel } from '../../src/models/registry.js';
import { initialWeights, lackingParameters } from '../../src/models/weights.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { f32, i32, type Tensor } from '../../src/util/tensor.js';
import { compile, engines, goldenFolder, greatestDifference, gradientProgram, loraLosses, readJson, relativeError, tokenFeeds, type LoraGolden } from '../golden/support.js';

interface Golden {
  readonly input_ids: number[][];
  readonly attention_mask: number[][];
  /** Of every token, −100 where it is not masked; or of every row. */
  readonly labels: number[][] | number[];
  readonly loss: number;
  readonly lora: LoraGolden;
}

const folder = join(goldenFolder, 'encoders');

/** Labels where they are: at their own token, or at the first of a row. */
function labelsAt({ labels, input_ids }: Golden) {
  const width = input_ids[0].length;
  const shown = labels.flatMap((label, b) => (typeof label === 'number' ? [{ row: b * width, label }] : label.flatMap((one, t) => (one === -100 ? [] : [{ row: b * width + t, label: one }]))));
  return {
    label_rows: i32([shown.length], shown.map(({ row }) => row)),
    labels: i32([shown.length], shown.map(({ label }) => label)),
    label_weights: f32([shown.length], shown.map(() => 1 / shown.length)),
  };
}

describe.each(engines)('encoders against Transformers on $name', (engine) => {
  describe.each(readdirSync(folder))('%s', (name) => {
    const path = join(folder, name);
    const model = readModel(path);
    const golden = readJson<Golden>(path, 'golden.json');
    const feeds = { ...tokenFeeds(golden.input_ids, golden.attention_mask), ...labelsAt(golden) };

    it('gives the logits, the loss and the gradient of every parameter', async () => {
      const weights = initialWeights(model, path);
      const executable = await compile(engine, gradientProgram(model), (variable) => weights(variable.name));
      const { loss: ours, logits: chosen, ...gradients } = await executable.run('all', feeds);
      await executable.dispose();

      const tensors = SafetensorsFile.open(join(path, 'golden.safetensors'));
      expect(ours.data[0]).toBeCloseTo(golden.loss, 5);
      expect(relativeError(chosen.data, tensors.read('logits').data)).toBeLessThan(1e-5);
      expect(Object.keys(gradients).sort()).toEqual(model.parameters.map((p) => p.name).sort());
      const differ = ([key, { data }]: [string, Tensor]): boolean => {
        const theirs = tensors.read(`grad.${key}`).data; // softmax does not see a key's bias: both are rounding there
        return !(relativeError(data, theirs) < 1e-5 || (key.endsWith('key.bias') && greatestDifference(data, theirs) < 1e-7));
      };
      expect(Object.entries(gradients).filter(differ).map(([key]) => key)).toEqual([]);
    });

    it('learns an adapter as PEFT does, with the whole head beside it', async () => {
      expect(model.loraTargets).toEqual(golden.lora.target_modules);
      const losses = await loraLosses(engine, { model, folder: path, golden: golden.lora, feeds });
      expect(greatestDifference(losses, golden.lora.losses)).toBeLessThan(5e-5);
    });
  });
});

describe('an encoder', () => {
  const config = (name: string) => readJson<Record<string, unknown>>(folder, name, 'config.json');

  it('is read for a stage, whatever it was made for', () => {
    const classifier = modelFromConfig(config('bert-words'), 'here', { stage: 'classify', labels: ['no', 'yes'] });
    expect(classifier).toMatchObject({ task: 'class', classes: ['no', 'yes'], config: { architectures: ['BertForSequenceClassification'], id2label: { 0: 'no', 1: 'yes' } } });
    expect(modelFromConfig(config('roberta-classes'), 'here', { stage: 'mlm', labels: null })).toMatchObject({ task: 'masked-token', classes: [] });
    expect(() => modelFromConfig(config('bert-words'), 'here', { stage: 'sft', labels: null })).toThrow(/stage sft is not for a bert model; set stage: mlm or classify/);
    expect(() => modelFromConfig(config('bert-words'), 'here', { stage: 'classify', labels: null })).toThrow(/names no classes \(id2label\); give their names/);
    expect(() => modelFromConfig(readJson(goldenFolder, 'models', 'gpt2', 'config.json'), 'here', { stage: 'mlm', labels: null })).toThrow(/stage mlm is not for a gpt2 model; set stage: sft or pretrain/);
  });

  it('takes what it needs of files made for another task, the rest at random, the same each time', () => {
    const model = readModel(join(folder, 'bert-words'), { stage: 'classify', labels: ['no', 'yes'] });
    expect(lackingParameters(model, join(folder, 'bert-words'))).toEqual(['bert.pooler.dense.weight', 'bert.pooler.dense.bias', 'classifier.weight', 'classifier.bias']);
    const [one, other] = [0, 1].map(() => initialWeights(model, join(folder, 'bert-words')));
    for (const { name } of model.parameters) expect(one(name)).toEqual(other(name));
    const words = readModel(join(folder, 'roberta-classes'), { stage: 'mlm', labels: null });
    expect(lackingParameters(words, join(folder, 'roberta-classes')).every((name) => name.startsWith('lm_head.'))).toBe(true);
  });
});
