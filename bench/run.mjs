/**
 * Measures and writes docs/performance.md. WORKBENCH_BENCH_PYTHON names a Python with torch, transformers, peft
 * and tokenizers to compare with (default: python3); what it lacks is left out, and said.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeModel } from './gpt2-small.mjs';
import { benchMemory, memoryTable } from './memory.mjs';
import { machine, megabytes, table } from './report.mjs';
import { benchStartUp } from './start-up.mjs';
import { benchTokenizing } from './tokenizing.mjs';
import { benchTraining, rounds, warmUps } from './training.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const material = join(root, '../shared/material');
const python = process.env.WORKBENCH_BENCH_PYTHON ?? 'python3';
const log = (line) => console.error(line);
const load = loadavg()[0];
if (load > 0.5) log(`other work runs on this machine (load ${load.toFixed(1)}): the figures will be too high`);

const startUp = await benchStartUp();
log(`first frame ${Math.round(startUp.firstFrame)} ms`);
const tokenizing = existsSync(material) ? await benchTokenizing({ material, names: ['gpt2', 'tinyllama'], python }) : [];

const folder = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
try {
  log('writing the weights of a model of 124 million parameters');
  await writeModel(folder);
  const training = await benchTraining({ folder, python, sizes: [[4, 128], [8, 128]], log });
  if (training.theirsMissing !== null) log(`without PyTorch: ${training.theirsMissing}`);
  const memory = await benchMemory({ folder, log });
  const text = report({ memory, startUp, tokenizing, training });
  await writeFile(join(root, 'docs/performance.md'), text);
  console.log(text);
} finally {
  await rm(folder, { recursive: true });
}

function speed({ ms, fastest }, tokens) {
  return `${Math.round(ms)} ms (${Math.round(fastest)}), ${Math.round((1000 * tokens) / ms)} tokens/s`;
}

function report({ memory, startUp, tokenizing, training: { results, theirsMissing } }) {
  const versions = results.find(({ theirs }) => theirs)?.theirs.description;
  const tokenizersVersion = tokenizing.find(({ version }) => version)?.version;
  return `# Performance

Written by \`npm run bench\` on ${machine()}; load of other work at the start: ${load.toFixed(1)}.

## A LoRA update of a GPT-2-small shape

12 layers, width 768, vocabulary 50257, tied head, random weights; LoRA r = 8 on c_attn, f32, AdamW; the loss at every position.
Workbench: ${results[0].ours.description}.${versions ? ` Beside it, from the same weights: eager ${versions}, \`torch.set_num_threads(2)\`.` : ''}
Each side is a process of its own and they take turns; medians of ${rounds} updates after ${warmUps} to warm up, and the fastest in brackets.
Memory is the process's peak, which for Workbench includes Node and the pages of the mapped weights.

${table(
  ['rows × tokens', 'Workbench', 'PyTorch', 'faster by', 'Workbench memory', 'PyTorch memory', 'share', 'largest loss difference'],
  results.map(({ rows, length, ours, theirs, lossDifference }) => [
    `${rows} × ${length}`,
    speed(ours, rows * length),
    ...(theirs
      ? [
          speed(theirs, rows * length),
          `${(theirs.ms / ours.ms).toFixed(2)} (${(theirs.fastest / ours.fastest).toFixed(2)})`,
          megabytes(ours.peakBytes),
          megabytes(theirs.peakBytes),
          (ours.peakBytes / theirs.peakBytes).toFixed(2),
          lossDifference.toExponential(1),
        ]
      : ['–', '–', megabytes(ours.peakBytes), '–', '–', '–']),
  ]),
)}
${theirsMissing === null ? '' : `\nPyTorch was not measured: ${theirsMissing}\n`}
## Memory: the estimate and the run

${memory.length === 0 ? 'Not measured: the text and the tokenizer are not on this machine.' : `\`workbench train\` on that shape for three updates, every position a label, a process a run: what the estimate said before and the process's peak.\n\n${memoryTable(memory)}`}

## Tokenising

${
  tokenizing.length === 0
    ? 'Not measured: the texts and tokenizers are not on this machine.'
    : `Tiny Shakespeare (1.1 MB) in paragraphs, all cores; ids equal in number to those of Python's tokenizers${tokenizersVersion ? ` ${tokenizersVersion}` : ''} where it was there.

${table(
  ['tokenizer', 'tokens', 'Workbench', 'Python'],
  tokenizing.map(({ tokenizer, tokens, ours, theirs }) => [tokenizer, String(tokens), `${ours.toFixed(1)} MB/s`, theirs === null ? '–' : `${theirs.toFixed(1)} MB/s`]),
)}`
}

## Start-up

${table(
  ['from the start of the process to', 'ms'],
  [
    ['the first frame of the screen, in a pseudo-terminal', startUp.firstFrame],
    ['the end of `workbench --help`', startUp.help],
    ['the end of `workbench runs --json`', startUp.runs],
  ].map(([what, ms]) => [what, String(Math.round(ms))]),
)}
`;
}
