/** Whole runs of encoders: a classifier from scratch, masked words, and the second's weights made a classifier by an adapter. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { experimentOf, losses, run, type Run } from './support.js';

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'film', 'is', 'was', 'good', 'bad', 'dull', 'fine', 'long', 'short'];

/** A BERT's folder without weights: its tokenizer knows a few words. */
function bertFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-test-'));
  const special = [0, 2, 3, 4].map((id) => ({ id, content: words[id], special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }));
  const marks = { type: 'TemplateProcessing', single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }], pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }] };
  const tokens = Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [words.indexOf(id)], tokens: [id] }]));
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ version: '1.0', added_tokens: special, pre_tokenizer: { type: 'Whitespace' }, post_processor: { ...marks, special_tokens: tokens }, model: { type: 'WordLevel', vocab, unk_token: '[UNK]' } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'bert', vocab_size: words.length, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 16, pad_token_id: 0, initializer_range: 0.2 }));
  return folder;
}

/** Sentences whose class is said by one word of them. */
function reviews(folder: string): string {
  const path = join(folder, 'reviews.jsonl');
  const kinds = [['good', 'fine'], ['bad', 'dull']];
  const rows = Array.from({ length: 48 }, (_, i) => ({ text: `the ${i % 3 ? 'long' : 'short'} film ${i % 5 ? 'is' : 'was'} ${kinds[i % 2][(i >> 1) % 2]}`, label: i % 2 === 0 ? 'yes' : 'no' }));
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const folder = bertFolder();
const dataset = { path: reviews(folder), format: 'classification', labels: ['yes', 'no'], val_size: 8 };
const train = { per_device_train_batch_size: 8, learning_rate: 0.01, max_steps: 20, num_train_epochs: 1, eval_steps: 0, save_steps: 0, seed: 3, gradient_accumulation_steps: 1 };
const evaluation = ({ events }: Run) => events.findLast((event) => event.type === 'eval');

describe('an encoder', () => {
  it('learns to classify, says how often it is right, and is written as Transformers wants it', async () => {
    const done = await run(experimentOf({ model: folder, init: 'random', stage: 'classify', finetuning: 'full', max_length: 16, dataset, train }));
    expect(evaluation(done)).toMatchObject({ accuracy: 1 });
    const output = join(done.folder, 'model');
    expect(JSON.parse(readFileSync(join(output, 'config.json'), 'utf8'))).toMatchObject({ architectures: ['BertForSequenceClassification'], id2label: { 0: 'yes', 1: 'no' } });
    expect(readModel(output)).toMatchObject({ task: 'class', classes: ['yes', 'no'] });
    const again = await run(experimentOf({ model: output, stage: 'classify', finetuning: 'full', max_length: 16, dataset: { ...dataset, labels: null }, train: { ...train, max_steps: 1, learning_rate: 1e-9 } }));
    expect(evaluation(again)).toMatchObject({ accuracy: 1 }); // its own names of the classes
  });

  it('learns masked words, then classes by an adapter with a head of its own', async () => {
    const text = { ...dataset, format: 'text', labels: null };
    const done = await run(experimentOf({ model: folder, init: 'random', stage: 'mlm', finetuning: 'full', max_length: 16, mlm_probability: 0.3, dataset: text, train: { ...train, max_steps: 40, num_train_epochs: 8 } }));
    expect(losses(done).at(-1)).toBeLessThan(losses(done)[0]);
    const base = join(done.folder, 'model');

    const lora = { r: 4, lora_alpha: 8, target_modules: 'all-linear' };
    const tuned = await run(experimentOf({ model: base, tokenizer: folder, stage: 'classify', finetuning: 'lora', lora, max_length: 16, dataset, train: { ...train, max_steps: 60, learning_rate: 0.02 } }));
    expect(tuned.events.find((event) => event.type === 'warning' && event.message.includes('classifier.weight, classifier.bias, which begin at random'))).toBeDefined();
    expect(evaluation(tuned)).toMatchObject({ accuracy: 1 });
    const adapter = join(tuned.folder, 'adapter');
    expect(JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8'))).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['classifier'] });
    const saved = SafetensorsFile.open(join(adapter, 'adapter_model.safetensors'));
    const started = initialWeights(readModel(base, { stage: 'classify', labels: dataset.labels }), base);
    expect(saved.read('base_model.model.classifier.weight').data).not.toEqual(started('classifier.weight').data);
  });

  it('is refused where it cannot do what is asked', async () => {
    const reasonOf = async (changes: Record<string, unknown>) => {
      const { events } = await run(experimentOf({ model: folder, init: 'random', finetuning: 'full', max_length: 16, dataset, train, ...changes }));
      return events.at(-1);
    };
    expect(await reasonOf({ stage: 'sft' })).toMatchObject({ type: 'failed', user: true, reason: expect.stringContaining('stage sft is not for a bert model; set stage: mlm or classify') });
    expect(await reasonOf({ stage: 'classify', dataset: { ...dataset, format: 'text' } })).toMatchObject({ reason: expect.stringContaining('reads rows of format classification, not text') });
    expect(await reasonOf({ stage: 'classify', dataset: { ...dataset, labels: ['a', 'b'] } })).toMatchObject({ reason: expect.stringContaining('its label "yes" is none of a, b') });
    expect(await reasonOf({ stage: 'mlm', dataset: { ...dataset, format: 'text' }, sample: { prompts: ['the'] } })).toMatchObject({ reason: expect.stringContaining('continues no text') });
  });
});
