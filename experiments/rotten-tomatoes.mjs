/**
 * Turns the sentence polarity set (Pang and Lee, 2005: rt-polarity.pos and rt-polarity.neg, Latin-1, one sentence a
 * line) into train/validation/test.jsonl of {"text", "label"}, 80/10/10, both labels alike in each.
 *
 *   node experiments/rotten-tomatoes.mjs <folder with rt-polarity.*> <folder to write>
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: node experiments/rotten-tomatoes.mjs <folder with rt-polarity.*> <folder to write>');
  process.exit(2);
}

const sentences = (file) => readFileSync(join(from, file), 'latin1').split('\n').map((line) => line.trim()).filter((line) => line !== '');
const byLabel = { good: sentences('rt-polarity.pos'), bad: sentences('rt-polarity.neg') };

mkdirSync(to, { recursive: true });
for (const [split, [start, end]] of Object.entries({ train: [0, 0.8], validation: [0.8, 0.9], test: [0.9, 1] })) {
  const rows = Object.entries(byLabel).flatMap(([label, all]) => all.slice(start * all.length, end * all.length).map((text) => ({ text, label })));
  writeFileSync(join(to, `${split}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  console.log(`${split}: ${rows.length} rows`);
}
