/**
 * Pairs for an encoder–decoder out of Python sources that are installed here: a function without its docstring, and the
 * docstring's first line. And a folder of a small BART without weights, with the tokenizer of a released one, which is copied.
 *
 *   node experiments/bart-summarise.mjs pairs <folder to write> <folder with .py files>...
 *   node experiments/bart-summarise.mjs model <folder with BART's config.json> <folder with its tokenizer> <folder to write>
 *
 * or pairs of sentences in two languages, out of XQuAD's questions:
 *
 *   node experiments/bart-summarise.mjs questions <folder with xquad.en.json, xquad.de.json> <folder to write>
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [what, ...args] = process.argv.slice(2);
if (what === 'pairs' && args.length > 1) writePairs(args[0], functionsIn(args.slice(1)));
else if (what === 'questions' && args.length === 2) writePairs(args[1], questionsIn(args[0]));
else if (what === 'model' && args.length === 3) writeModel(...args);
else {
  console.error('usage: node experiments/bart-summarise.mjs pairs <folder to write> <folder with .py files>... | questions <XQuAD> <folder to write> | model <config> <tokenizer> <folder to write>');
  process.exit(2);
}

/** Every tenth pair is for validation. What says the same is there once, so that none is in both. */
function writePairs(to, pairs) {
  const known = new Set();
  const fresh = pairs.filter(({ target }) => !known.has(target) && known.add(target));
  const rows = { train: fresh.filter((_, i) => i % 10 !== 0), validation: fresh.filter((_, i) => i % 10 === 0) };
  mkdirSync(to, { recursive: true });
  for (const [split, all] of Object.entries(rows)) {
    writeFileSync(join(to, `${split}.jsonl`), all.map((row) => `${JSON.stringify(row)}\n`).join(''));
    console.log(`${split}: ${all.length} pairs`);
  }
}

function functionsIn(folders) {
  const files = folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name.endsWith('.py')).map((entry) => join(entry.parentPath, entry.name)));
  return files.sort().flatMap((file) => pairsOf(readFileSync(file, 'utf8')));
}

/** def name(…): """What it does.""" and what is indented below it. */
function pairsOf(text) {
  const opening = /^([ \t]*)(?:async )?def (?!_)(\w+)\([^()]*\)[^:\n]*:[ \t]*\n\s*r?("""|''')\s*(\S[^\n]{11,118}?[.])?[ \t]*(?=\n|\3)/gm;
  return Array.from(text.matchAll(opening), (match) => {
    const [whole, indent, , quotes, line] = match;
    const afterDoc = text.indexOf(quotes, match.index + whole.lastIndexOf(quotes) + 3);
    if (line === undefined || afterDoc < 0) return null;
    const body = /^[^\n]*\n((?:[ \t]*(?:\n|$)|[ \t]+[^\n]*(?:\n|$))*)/.exec(text.slice(afterDoc + 3))?.[1] ?? '';
    const inside = body.split('\n').filter((each) => each.trim() !== '');
    const end = inside.findIndex((each) => each.search(/\S/) <= indent.length);
    const code = (end < 0 ? inside : inside.slice(0, end)).map((each) => each.slice(indent.length)).join('\n');
    const signature = whole.slice(0, whole.indexOf(quotes)).replace(/\s+r?$/, '').trim();
    return code === '' ? null : { source: `${signature}\n${code}`.slice(0, 1500), target: line };
  }).filter((pair) => pair !== null);
}

/** The same question in English and German. */
function questionsIn(folder) {
  const read = (language) => JSON.parse(readFileSync(join(folder, `xquad.${language}.json`), 'utf8')).data.flatMap(({ paragraphs }) => paragraphs.flatMap(({ qas }) => qas));
  const german = new Map(read('de').map(({ id, question }) => [id, question]));
  return read('en').flatMap(({ id, question }) => (german.has(id) ? [{ source: question, target: german.get(id) }] : []));
}

function writeModel(config, tokenizer, to) {
  mkdirSync(to, { recursive: true });
  const files = readdirSync(tokenizer).filter((file) => /^(tokenizer\.json|tokenizer_config\.json|vocab\.json|merges\.txt|special_tokens_map\.json)$/.test(file));
  for (const file of files) copyFileSync(join(tokenizer, file), join(to, file));
  const sizes = { d_model: 128, encoder_layers: 2, decoder_layers: 2, num_hidden_layers: 2, encoder_attention_heads: 4, decoder_attention_heads: 4, encoder_ffn_dim: 256, decoder_ffn_dim: 256, max_position_embeddings: 256 };
  const lengths = { min_length: 5, max_length: 40, length_penalty: 1.0, task_specific_params: undefined }; // one line, not a paragraph of the news
  writeFileSync(join(to, 'config.json'), `${JSON.stringify({ ...JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')), ...sizes, ...lengths }, null, 2)}\n`);
  console.log(`${to}: ${sizes.encoder_layers} + ${sizes.decoder_layers} layers of ${sizes.d_model}`);
}
