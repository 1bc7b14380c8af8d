/**
 * Makes a folder of a small BERT without weights, to be trained from random values: its config, and the tokenizer of
 * a released one (bert-base-uncased), which is copied. The data is what experiments/rotten-tomatoes.mjs writes.
 *
 *   node experiments/bert-classify.mjs <folder with BERT's tokenizer.json or vocab.txt> <folder to write>
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error("usage: node experiments/bert-classify.mjs <folder with BERT's tokenizer> <folder to write>");
  process.exit(2);
}
mkdirSync(to, { recursive: true });
const files = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'].filter((file) => existsSync(join(from, file)));
if (!files.includes('vocab.txt') && !files.includes('tokenizer.json')) {
  console.error(`${from} has neither tokenizer.json nor vocab.txt`);
  process.exit(2);
}
for (const file of files) copyFileSync(join(from, file), join(to, file));
const vocabulary = files.includes('vocab.txt')
  ? readFileSync(join(from, 'vocab.txt'), 'utf8').trimEnd().split('\n').length
  : Object.keys(JSON.parse(readFileSync(join(from, 'tokenizer.json'), 'utf8')).model.vocab).length;
const config = { model_type: 'bert', vocab_size: vocabulary, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 128, max_position_embeddings: 64, type_vocab_size: 2, pad_token_id: 0 };
writeFileSync(join(to, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
console.log(`${to}: ${vocabulary} tokens, ${config.num_hidden_layers} layers of ${config.hidden_size}`);
