/** Whole runs of models that read more than tokens: BART on pairs, ChatGLM on questions and answers, in 8 bits and with blocks computed twice. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseEngine } from '../../src/engine/registry.js';
import { readModel } from '../../src/models/registry.js';
import { randomWeights } from '../../src/models/weights.js';
import { continueText, evaluateDataset, openModel } from '../../src/trainer/open.js';
import { greedy } from '../../src/trainer/generate/sampling.js';
import { writeSafetensors } from '../../src/weights/safetensors.js';
import { goldenFolder, readJson } from '../golden/support.js';
import { experimentOf, home, losses, run, type Run } from './support.js';

const words = ['<s>', '<pad>', '</s>', '[gMASK]', '<sop>', '<eop>', '<unk>', 'one', 'two', 'three', 'four', 'red', 'blue', 'green', 'cat', 'dog', 'bird', 'sees', 'and', 'a'];

interface Marks {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly bos: string;
  readonly eos: string;
}

/** A golden model's architecture, wide enough to learn, with random weights and a tokenizer of a few words. */
async function folderOf(name: string, sizes: Record<string, unknown>, { before, after, bos, eos }: Marks): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-test-'));
  cpSync(join(goldenFolder, name, 'config.json'), join(folder, 'config.json'));
  const config = readJson<Record<string, unknown>>(folder, 'config.json');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...sizes, vocab_size: words.length }));
  const special = words.slice(0, 7).map((content, id) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }));
  const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const single = [...before.map(piece), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(piece)];
  const tokens = Object.fromEntries([...before, ...after].map((id) => [id, { id, ids: [words.indexOf(id)], tokens: [id] }]));
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ version: '1.0', added_tokens: special, pre_tokenizer: { type: 'Whitespace' }, post_processor: { type: 'TemplateProcessing', single, pair: single, special_tokens: tokens }, model: { type: 'WordLevel', vocab, unk_token: '<unk>' } }));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token: bos, eos_token: eos }));
  const model = readModel(folder);
  const random = randomWeights(model, 1);
  const wide = (weight: string) => ({ ...random(weight), data: random(weight).data.map((value) => value * (weight.includes('embeddings') ? 25 : 1)) }); // a head that does not learn must be able to choose
  await writeSafetensors(join(folder, 'model.safetensors'), model.parameters, wide);
  return folder;
}

/** The answer says the colours and animals of the question, without the rest. */
function pairs(folder: string): string {
  const path = join(folder, 'pairs.jsonl');
  const rows = Array.from({ length: 54 }, (_, i) => {
    const [count, colour, animal] = [['one', 'two', 'three'][i % 3], ['red', 'blue', 'green'][Math.floor(i / 3) % 3], ['cat', 'dog', 'bird'][Math.floor(i / 9) % 3]];
    return { question: `${i % 2 ? 'a dog sees' : 'a bird sees'} ${count} ${colour} ${animal}`, answer: `${colour} ${animal}` };
  });
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

const bart = () => folderOf('bart/plain', { d_model: 32, encoder_ffn_dim: 64, decoder_ffn_dim: 64, max_position_embeddings: 32 }, { before: ['<s>'], after: ['</s>'], bos: '<s>', eos: '</s>' });
const chatGlm = () => folderOf('chatglm', { hidden_size: 32, inner_hidden_size: 64, num_layers: 2, bos_token_id: 4, eos_token_id: 5, gmask_token_id: 3 }, { before: [], after: ['[gMASK]', '<sop>'], bos: '<sop>', eos: '<eop>' });
const train = { per_device_train_batch_size: 8, gradient_accumulation_steps: 1, learning_rate: 0.01, max_steps: 100, eval_steps: 0, save_steps: 0, seed: 3, lr_scheduler_type: 'linear' };
const dataset = (folder: string) => ({ path: pairs(folder), format: 'prompt-completion', columns: { prompt: 'question', completion: 'answer' }, val_size: 6 });
const evaluation = ({ events }: Run) => events.findLast((event) => event.type === 'eval');

async function opened<T>(model: string, { adapter = null, stage }: { adapter?: string | null; stage: 'sft' | 'seq2seq' }, use: (open: Awaited<ReturnType<typeof openModel>>) => Promise<T>): Promise<T> {
  const { engine } = experimentOf();
  const open = await openModel({ model, purpose: { stage, labels: null }, adapter, tokenizer: null, quantization: 'none', precision: 'f32', engine, chooseEngine, scratch: mkdtempSync(join(home, 'scratch-')) });
  try {
    return await use(open);
  } finally {
    await open.close();
  }
}

const asked = { ...greedy, maxNewTokens: 8, seed: 0 };

describe('BART', () => {
  it('learns targets whole, is written as Transformers wants it, and writes them', async () => {
    const model = await bart();
    const experiment = experimentOf({ model, stage: 'seq2seq', finetuning: 'full', max_length: 16, dataset: dataset(model), train: { ...train, predict_with_generate: true }, sample: { prompts: ['a dog sees one red cat'], max_new_tokens: 6 } });
    const done = await run(experiment);
    expect(evaluation(done)).toMatchObject({ eval_loss: expect.closeTo(0, 1), scores: { rouge1: 100, rouge2: 100, rougeL: 100, bleu: 0, exact_match: 100 } }); // of two words there are no runs of four
    const predictions = readFileSync(join(done.folder, 'generated_predictions.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
    expect(predictions).toHaveLength(6);
    expect(predictions[0]).toMatchObject({ prompt: expect.stringMatching(/^<s> a \w+ sees .* <\/s>$/) as string, label: expect.stringMatching(/^\w+ \w+$/) as string });
    expect(done.events.findLast((event) => event.type === 'sample')).toMatchObject({ text: 'red cat' });
    const output = join(done.folder, 'model');
    expect(readJson(output, 'config.json')).toMatchObject({ architectures: ['BartForConditionalGeneration'] });
    await opened(output, { stage: 'seq2seq' }, async (open) => {
      expect((await continueText(open, 'a bird sees three green bird', asked)).text).toBe('green bird');
      const pieces: string[] = [];
      expect(await continueText(open, 'a bird sees three green bird', { ...asked, stop: 'n bi', onText: (piece) => pieces.push(piece) })).toMatchObject({ text: 'gree', stopped: 'end' });
      expect(pieces.join('')).toBe('gree'); // nothing is shown of a stop that comes in several tokens
      const found = await evaluateDataset(open, experiment, join(home, 'cache'));
      expect(found).toMatchObject({ accuracy: 1, source: { split: 'held-out' }, answers: { predictions, scores: { exact_match: 100 } } });
    });
  });

  it('learns by an adapter on a base in 8 bits, with blocks computed twice', async () => {
    const model = await bart();
    const changes = { model, stage: 'seq2seq', max_length: 16, dataset: dataset(model), quantization: 'int8', lora: { r: 8, target_modules: 'auto' } };
    const done = await run(experimentOf({ ...changes, train: { ...train, max_steps: 40, gradient_checkpointing: true } }));
    const kept = await run(experimentOf({ ...changes, train: { ...train, max_steps: 40, gradient_checkpointing: false } }));
    expect(losses(done)).toEqual(losses(kept));
    expect(losses(done).at(-1)).toBeLessThan(0.8 * losses(done)[0]);
    expect(readJson(done.folder, 'adapter', 'adapter_config.json')).toMatchObject({ task_type: 'SEQ_2_SEQ_LM', target_modules: ['q_proj', 'v_proj'] });
  });

  it('reads pairs and nothing else', async () => {
    const model = await bart();
    const done = await run(experimentOf({ model, stage: 'seq2seq', max_length: 16, dataset: { ...dataset(model), format: 'text', columns: {} }, train }));
    expect(done.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: expect.stringContaining('stage seq2seq reads pairs of source and target, not rows of format text') });
  });
});

describe('ChatGLM-6B', () => {
  it('learns answers by an adapter on a base in 8 bits, with blocks computed twice, and gives them', async () => {
    const model = await chatGlm();
    const changes = { model, max_length: 24, dataset: dataset(model), quantization: 'int8', lora: { r: 16, lora_alpha: 64, lora_dropout: 0, target_modules: 'all-linear' } };
    // At such a rate the last bits decide where it ends: those of padded rows.
    const of = (gradient_checkpointing: boolean) => experimentOf({ ...changes, train: { ...train, max_steps: 60, learning_rate: 0.02, padding_free: false, gradient_checkpointing } });
    const [done, kept] = [await run(of(true)), await run(of(false))];
    expect(losses(done)).toEqual(losses(kept));
    expect(losses(done).at(-1)).toBeLessThan(0.1 * losses(done)[0]);
    const text = await opened(model, { adapter: join(done.folder, 'adapter'), stage: 'sft' }, async (open) => {
      const told: number[][] = [];
      const answered = experimentOf({ ...changes, train: { ...train, per_device_eval_batch_size: 4, predict_with_generate: true, max_predict_samples: 5 } });
      const { answers } = await evaluateDataset(open, answered, join(home, 'cache'), (...done) => told.push(done));
      expect(told).toEqual([[4, 5], [5, 5]]);
      for (const { prompt, predict } of answers!.predictions) expect((await continueText(open, prompt.replace(/ \[gMASK\] <sop>$/, ''), { ...asked, maxNewTokens: 3 })).text.trim()).toBe(predict);
      return (await continueText(open, 'a dog sees one red cat', asked)).text;
    });
    expect(readFileSync(join(done.folder, 'adapter', 'adapter_config.json'), 'utf8')).toContain('CAUSAL_LM');
    expect(text.trim()).toBe('red cat');
  });
});
