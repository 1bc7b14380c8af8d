/**
 * Makes everything the repository ships to try the program on: demo/model (a base model of about half a million
 * parameters with its tokenizer) and demo/reviews (a labelled dataset). Needs `npm run build` before.
 *
 *   node experiments/demo/make.mjs          about ten minutes on two cores
 *   node experiments/demo/make.mjs --data   only the dataset
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BPE, Tokenizer, byteLevelAlphabet, byteLevelPreTokenizer } from 'tokenizers';
import { Random } from '../../dist/util/random.js';
import { review, scene } from './language.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const vocabularySize = 1024;
const specials = ['<|pad|>', '<|end|>'];

const jsonLines = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Training, validation and test rows share no text. */
function writeDataset(folder) {
  const random = new Random('demo reviews', 1);
  const seen = new Set();
  const fresh = (count) => {
    const rows = [];
    while (rows.length < count) {
      const row = review(random);
      if (!seen.has(row.text)) rows.push(row);
      seen.add(row.text);
    }
    return rows;
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'train.jsonl'), jsonLines(fresh(800)));
  writeFileSync(join(folder, 'validation.jsonl'), jsonLines(fresh(200)));
  return seen;
}

/** Unlabelled text: reviews that are not in the dataset, and scenes. */
function writeCorpus(file, without) {
  const random = new Random('demo corpus', 1);
  const documents = [];
  while (documents.length < 24_000) {
    const text = random.below(3) === 0 ? scene(random) : review(random).text;
    if (!without.has(text)) documents.push({ text });
  }
  writeFileSync(file, jsonLines(documents));
  return documents;
}

/** A byte-level BPE: the library learns the merges, we keep the first ones. */
function writeTokenizer(folder, documents, scratch) {
  const learner = new Tokenizer(BPE.empty());
  learner.setPreTokenizer(byteLevelPreTokenizer(false));
  const text = join(scratch, 'text.txt');
  // The labels are words the model must be able to say in one token.
  writeFileSync(text, documents.map((document) => document.text).join('\n') + ' good bad good bad'.repeat(5000));
  learner.train([text]);
  const learned = join(scratch, 'learned.json');
  learner.save(learned);

  const alphabet = byteLevelAlphabet().sort();
  const merges = JSON.parse(readFileSync(learned, 'utf8')).model.merges.slice(0, vocabularySize - specials.length - alphabet.length);
  const tokens = [...specials, ...alphabet, ...merges.map((pair) => pair.join(''))];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '<|end|>', pad_token: '<|pad|>', model_max_length: 256 }, null, 2));
  return tokens.length;
}

function writeConfig(folder, vocab_size) {
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: 96,
    intermediate_size: 256,
    num_hidden_layers: 4,
    num_attention_heads: 6,
    num_key_value_heads: 3,
    vocab_size,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    initializer_range: 0.05,
    bos_token_id: null,
    eos_token_id: 1,
    pad_token_id: 0,
    torch_dtype: 'float32',
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2));
}

const without = writeDataset(join(here, 'reviews'));
if (!process.argv.includes('--data')) {
  const scratch = mkdtempSync(join(tmpdir(), 'workbench-demo-'));
  const blank = join(scratch, 'blank');
  mkdirSync(blank);
  const documents = writeCorpus(join(scratch, 'corpus.jsonl'), without);
  writeConfig(blank, writeTokenizer(blank, documents, scratch));

  const { status, stdout } = spawnSync(
    process.execPath,
    [join(here, '../../bin/workbench'), 'train', join(here, 'pretrain.yaml'), '--json', '--set', `model=${blank}`, '--set', `dataset.path=${join(scratch, 'corpus.jsonl')}`],
    { env: { ...process.env, WORKBENCH_HOME: join(scratch, 'home') }, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  for (const { eval_loss, step } of events.filter(({ type }) => type === 'eval')) console.log(`step ${step}: eval loss ${eval_loss}`);
  if (status !== 0) throw new Error(`pre-training ended with ${status}`);
  const { output } = events.find(({ type }) => type === 'completed');
  rmSync(join(here, 'model'), { recursive: true, force: true });
  cpSync(output, join(here, 'model'), { recursive: true });
  rmSync(scratch, { recursive: true, force: true });
}
