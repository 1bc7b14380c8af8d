/**
 * Cuts a TinyStories text into documents, one {"text"} a line. Stories stand in a row with a blank line between
 * them, as between their paragraphs; a new one is known by its opening. Files with <|endoftext|> need no cutting.
 *
 *   node experiments/tinystories.mjs <TinyStories text> <file.jsonl> [documents]
 *   workbench eval <stories260k> --dataset <file.jsonl> --format text
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [from, to, limit] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: node experiments/tinystories.mjs <TinyStories text> <file.jsonl> [documents]');
  process.exit(2);
}
const documents = readFileSync(from, 'utf8').split(/\n\n(?=Once upon a time)/).slice(0, limit === undefined ? undefined : Number(limit));
writeFileSync(to, documents.map((text) => `${JSON.stringify({ text })}\n`).join(''));
console.log(`${documents.length} documents`);
