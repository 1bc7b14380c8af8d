/** docs/performance.md from the figures of each section. */
import { megabytes, table } from './report.mjs';
import { memoryTable } from './memory.mjs';
import { rounds, warmUps } from './training.mjs';

export function performanceReport(figures) {
  const parts = Object.entries(writers).map(([name, write]) => {
    const section = figures[name];
    const empty = section === undefined || section.data === null || section.data.length === 0;
    return `## ${titles[name]}\n\n${empty ? 'Not measured on this machine.' : `${write(section.data)}\n\nOn ${section.machine}; ${section.busy.toFixed(2)} cores busy with other work at its start.`}`;
  });
  return `# Performance\n\nWritten by \`npm run bench\`; \`npm run bench -- --only <section>\` measures one again (${Object.keys(writers).join(', ')}).\n\n${parts.join('\n\n')}\n\n## What is computed in each epoch again\n\n${notDone}\n`;
}

const notDone = `With adapters or learned blocks only at the top, what the blocks below compute for a row is the same in each epoch. It is not kept: by default
adapters reach the lowest block, where there is nothing to keep. In GPT-2 small it would spare 37 % of the multiplications of a step where the last two
blocks learn and 21 % with adapters on the upper six, for 3 kB a token on disk (1 GB for the 0.3 million tokens of Tiny Shakespeare), and only
where a row is laid out alike each time. Below the lowest thing that learns, no gradient is computed.`;

const titles = {
  training: 'A LoRA update of a GPT-2-small shape',
  instructions: 'Instructions with masked prompts',
  'full-tuning': 'Full tuning',
  memory: 'Memory: the estimate and the run',
  around: 'Around the updates',
  scaling: 'How cost grows',
  tokenizing: 'Tokenising',
  'start-up': 'Start-up',
};

const writers = {
  training: (results) => {
    const versions = results.find(({ theirs }) => theirs)?.theirs.description;
    const missing = results.find(({ theirsMissing }) => theirsMissing)?.theirsMissing;
    const int4 = results.find(({ also }) => also);
    return `12 layers, width 768, vocabulary 50257, tied head, random weights; LoRA r = 8 on c_attn, f32, AdamW; the loss at every position.
Workbench: ${results[0].ours.description}.${versions ? ` Beside it, from the same weights: eager ${versions}, \`torch.set_num_threads(2)\`, SDPA attention, \`AdamW(fused=True)\`, where a row says so with its gradient checkpointing or compiled by \`torch.compile\`; its base is f32 throughout.` : ''}
Each side is a process of its own and they take turns; medians of ${rounds} updates (1 of 8 × 512, 3 of torch.compile) after ${warmUps} to warm up, and the fastest in brackets.
Memory is the process's peak, which for Workbench includes Node.

${besideTable(results)}${int4 ? `\n\nThe updates on an int4 base took turns with our own on f32, ${Math.round(int4.also.ms)} ms (${Math.round(int4.also.fastest)}): ${(int4.also.ms / int4.ours.ms).toFixed(2)} (${(int4.also.fastest / int4.ours.fastest).toFixed(2)}) of their speed.` : ''}${missing ? `\n\nPyTorch was not measured: ${missing}` : ''}`;
  },
  instructions: ({ rows, orders, packed }) => {
    const { updates, labels, real } = orders[0].filled;
    const [{ padded: { theirs: beside } }] = orders;
    const line = ([name, order], { computed, labels: learned }, side, theirs) => [
      name, order, String(computed), labelSpeed(side, learned), ...(theirs ? [(learned / side.totalMs / (labels / theirs.totalMs)).toFixed(2)] : []),
      megabytes(side.peakBytes), ...(theirs ? [(side.peakBytes / theirs.peakBytes).toFixed(2)] : []),
    ];
    return `The same shape on instructions and answers of LLaMA-Factory's \`alpaca_en_demo\`, only the answers learned: one pass over ${labels} label tokens among ${real},
in ${updates} updates of ${rows} documents, the very same for each. Padding-free, as it is by default, the documents of an update lie in fewer, fuller
rows, attention confined to each; padded, each has a row, as Transformers' Trainer collates them. Packed, updates are of ${rows / 2} rows of 512 that hold
several documents. (TRL is padding-free only where flash attention is, on a graphics card.)${beside ? ' What is faster than PyTorch is so with documents in the same order; packed, than PyTorch by length.' : ''}

${table(
  ['', 'documents', 'computed tokens', 'label tokens/s', ...(beside ? ['faster by'] : []), 'memory', ...(beside ? ['share'] : [])],
  [
    ...orders.flatMap(({ order, filled, padded }) => [
      line(['Workbench, padding-free', order], filled, filled.ours, padded.theirs),
      line(['Workbench, padded', order], padded, padded.ours, padded.theirs),
      ...(padded.theirs ? [line(['PyTorch, padded', order], padded, padded.theirs, padded.theirs)] : []),
    ]),
    line(['Workbench, packed', 'drawn once'], packed, packed.ours, orders.at(-1).padded.theirs),
  ],
)}

Largest difference of a loss of the same update: ${Math.max(...orders.map(({ lossDifference }) => lossDifference)).toExponential(1)}.`;
  },
  'full-tuning': ({ rows, eightBit }) =>
    `Every weight of that shape learns, AdamW (\`fused=True\` in PyTorch), the loss at every position; medians of two or three updates after one to warm up.

${besideTable(rows)}

New values are written over the old ones by slabs, so an update takes no second copy of anything; \`adamw_8bit\` holds both moments in a byte each.
${eightBit === null ? 'bitsandbytes was not there to compare `adamw_8bit` with.' : `PyTorch has no 8-bit AdamW; that of bitsandbytes ${eightBit.version} has no kernels for a processor: its fallback takes ${Math.round(eightBit.ms)} ms for a million parameters, of which the shape has 124.`}`,
  memory: (rows) => `\`workbench train\` on that shape for three updates, every position a label, a process a run: what the estimate said before and the process's peak.\n\n${memoryTable(rows)}`,
  around: ({ firstPrepare, prepare, compile, step, batch, record, checkpoint, slowestCheckpoint }) =>
    `The parts of a run that compute nothing, beside an update of ${Math.round(step)} ms (LoRA, 4 × 128, that shape).

${table(
  ['', 'ms'],
  [
    ['weights read, data tokenised, program written; the first time', Math.round(firstPrepare)],
    ['the same with the tokens in the cache', Math.round(prepare)],
    ['the graph compiled: the first update less a later one', Math.round(compile)],
    ['from nothing to the first update', Math.round(prepare + compile)],
    ['the next batch', batch.toFixed(2)],
    ['one point into the store and `trainer_log.jsonl`, on a thread of its own', record.toFixed(2)],
    ['batch and point, of an update', `${((100 * (batch + record)) / step).toFixed(2)} %`],
    ['a checkpoint of the adapter with its optimizer, synced to the disk; the slowest of seven', `${checkpoint.toFixed(0)}; ${slowestCheckpoint.toFixed(0)}`],
  ],
)}`,
  scaling: (rows) => `The fastest of two updates after one to warm up; layers and ranks with 2 × 128 tokens.\n\n${table(['', 'size', 'ms', 'ms for each'], rows.map(({ what, size, ms, per }) => [what, String(size), ms.toFixed(0), per.toPrecision(3)]))}`,
  tokenizing: (rows) => {
    const version = rows.find((row) => row.version)?.version;
    return `Tiny Shakespeare (1.1 MB) in paragraphs, all cores; ids equal in number to those of Python's tokenizers${version ? ` ${version}` : ''} where it was there.

${table(
  ['tokenizer', 'tokens', 'Workbench', 'Python'],
  rows.map(({ tokenizer, tokens, ours, theirs }) => [tokenizer, String(tokens), `${ours.toFixed(1)} MB/s`, theirs === null ? '–' : `${theirs.toFixed(1)} MB/s`]),
)}`;
  },
  'start-up': ({ firstFrame, help, runs }) =>
    table(
      ['from the start of the process to', 'ms'],
      [
        ['the first frame of the screen, in a pseudo-terminal', firstFrame],
        ['the end of `workbench --help`', help],
        ['the end of `workbench runs --json`', runs],
      ].map(([what, ms]) => [what, String(Math.round(ms))]),
    ),
};

function besideTable(results) {
  return table(
    ['rows × tokens', 'Workbench', 'PyTorch', 'faster by', 'Workbench memory', 'PyTorch memory', 'share', 'largest loss difference'],
    results.map(({ name, tokens, ours, theirs, lossDifference }) => [
      name,
      speed(ours, tokens),
      theirs ? speed(theirs, tokens) : '–',
      theirs ? `${(theirs.ms / ours.ms).toFixed(2)} (${(theirs.fastest / ours.fastest).toFixed(2)})` : '–',
      megabytes(ours.peakBytes),
      theirs ? megabytes(theirs.peakBytes) : '–',
      theirs ? (ours.peakBytes / theirs.peakBytes).toFixed(2) : '–',
      theirs ? lossDifference.toExponential(1) : '–',
    ]),
  );
}

function labelSpeed({ totalMs }, labels) {
  return String(Math.round((1000 * labels) / totalMs));
}

function speed({ ms, fastest }, tokens) {
  return `${Math.round(ms)} ms (${Math.round(fastest)}), ${Math.round((1000 * tokens) / ms)} tokens/s`;
}
