/**
 * Pairs for an encoder–decoder, {"source", "target"}: reports of sports made by a small grammar, each with what happened in one line;
 * Python functions, each with the first line of its docstring, out of sources that are installed; questions in two languages
 * (XQuAD). And a folder of a small BART without weights: the config and the tokenizer of a released one, with smaller sizes.
 *
 *   node experiments/bart-summarise.mjs reports <folder to write>
 *   node experiments/bart-summarise.mjs functions <folder to write> <folder with .py files>...
 *   node experiments/bart-summarise.mjs questions <folder to write> <folder with xquad.en.json and xquad.de.json>
 *   node experiments/bart-summarise.mjs model <folder to write> <folder with BART's config.json> <folder with its tokenizer>
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [what, to, ...from] = process.argv.slice(2);
if (what === 'reports' && to) writePairs(to, reports());
else if (what === 'functions' && from.length > 0) writePairs(to, functionsIn(from));
else if (what === 'questions' && from.length === 1) writePairs(to, questionsIn(from[0]));
else if (what === 'model' && from.length === 2) writeModel(to, ...from);
else {
  console.error('usage: node experiments/bart-summarise.mjs reports <to> | functions <to> <folder with .py files>... | questions <to> <XQuAD> | model <to> <config> <tokenizer>');
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

/** Who won what where, among what else there is to say; every combination once, in a random order that is always the same. */
function reports() {
  const people = ['Anna Berg', 'Tom Reed', 'Maria Silva', 'Jan Novak', 'Lucy Hall', 'Omar Haddad', 'Eva Lind', 'Paul Stone', 'Nina Rossi', 'Ivan Petrov', 'Grace Okoro', 'Ken Mori'];
  const events = ['marathon', 'chess final', 'swimming race', 'cycling tour', 'tennis match', 'ski race', 'boxing match', 'rowing final'];
  const cities = ['Oslo', 'Rome', 'Lima', 'Prague', 'Cairo', 'Boston', 'Tokyo', 'Madrid', 'Delhi', 'Vienna'];
  let state = 7;
  const below = (count) => Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * count);
  const one = (list) => list[below(list.length)];
  const all = people.flatMap((winner) => events.flatMap((event) => cities.map((city) => ({ winner, event, city }))));
  for (let i = all.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all.map(({ winner, event, city }) => {
    const second = one(people.filter((name) => name !== winner));
    const facts = [
      one([`It was the day of the ${event}.`, `Many had waited for the ${event} all year.`, `The ${event} began at noon.`]),
      one([`The people of ${city} came in thousands.`, `Rain fell on ${city} all morning.`, `The streets of ${city} were full.`]),
      one([`${second} led for a long time, but ${winner} was faster in the end.`, `At the last moment ${winner} went past ${second}.`, `${winner} left ${second} far behind.`, `Nobody could stop ${winner}, not even ${second}.`]),
      one(['The weather was better than expected.', 'There was music afterwards.', 'Tickets had been sold out for weeks.', 'The judges needed an hour to agree.']),
    ];
    const kept = below(2) === 0 ? facts : [facts[3], facts[1], facts[0], facts[2]];
    return { source: kept.join(' '), target: `${winner} won the ${event} in ${city}.` };
  });
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

function writeModel(to, config, tokenizer) {
  mkdirSync(to, { recursive: true });
  const files = readdirSync(tokenizer).filter((file) => /^(tokenizer\.json|tokenizer_config\.json|vocab\.json|merges\.txt|special_tokens_map\.json)$/.test(file));
  for (const file of files) copyFileSync(join(tokenizer, file), join(to, file));
  const sizes = { d_model: 64, encoder_layers: 2, decoder_layers: 2, num_hidden_layers: 2, encoder_attention_heads: 4, decoder_attention_heads: 4, encoder_ffn_dim: 128, decoder_ffn_dim: 128, max_position_embeddings: 256 };
  const lengths = { min_length: 5, max_length: 40, length_penalty: 1.0, task_specific_params: undefined }; // one line, not a paragraph of the news
  writeFileSync(join(to, 'config.json'), `${JSON.stringify({ ...JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')), ...sizes, ...lengths }, null, 2)}\n`);
  console.log(`${to}: ${sizes.encoder_layers} + ${sizes.decoder_layers} layers of ${sizes.d_model}`);
}
