/** Tokenising in MB/s: ours as the program does it, theirs as Python does, on the same text cut at empty lines. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTokenizer } from '../dist/data/tokenizer/index.js';
import { median } from './report.mjs';

const rounds = 5;

/** Rows `{ tokenizer, ours, theirs, tokens }` in MB/s; `theirs` is null without Python's library. */
export async function benchTokenizing({ material, names, python }) {
  const text = join(material, 'datasets/tinyshakespeare/input.txt');
  const results = [];
  for (const name of names) {
    const folder = join(material, 'tokenizers', name);
    if (!existsSync(text) || !existsSync(join(folder, 'tokenizer.json'))) continue;
    const texts = readFileSync(text, 'utf8').split('\n\n');
    const megabytes = texts.reduce((sum, part) => sum + Buffer.byteLength(part), 0) / 1e6;
    const tokenizer = await loadTokenizer(folder);
    const speeds = [];
    let tokens = 0;
    for (let round = 0; round <= rounds; round++) {
      const start = performance.now();
      const encoded = await tokenizer.encodeBatch(texts, { special: false });
      if (round > 0) speeds.push((1000 * megabytes) / (performance.now() - start)); // the first one warms up
      tokens = encoded.reduce((sum, ids) => sum + ids.length, 0);
    }
    const theirs = python === null ? null : inPython(python, [join(folder, 'tokenizer.json'), text, String(rounds)]);
    if (theirs !== null && theirs.tokens !== tokens) throw new Error(`${name}: ${tokens} tokens here, ${theirs.tokens} in Python`);
    results.push({ tokenizer: name, tokens, ours: median(speeds), theirs: theirs && median(theirs.speeds), version: theirs?.version });
  }
  return results;
}

function inPython(python, args) {
  try {
    return JSON.parse(execFileSync(python, [fileURLToPath(new URL('tokenizing.py', import.meta.url)), ...args], { stdio: ['ignore', 'pipe', 'ignore'] }).toString());
  } catch {
    return null;
  }
}
