/** docs/experiment-file.md is made from the schema; after a change: npm run docs. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { knobs, type Knob } from '../../src/config/limits.js';

const page = fileURLToPath(new URL('../../docs/experiment-file.md', import.meta.url));

const groups: Readonly<Record<string, string>> = {
  '': 'The run',
  dataset: '`dataset`: what is learned from',
  lora: '`lora`: with `finetuning: lora`',
  freeze: '`freeze`: with `finetuning: freeze`',
  train: '`train`: how it is trained',
  sample: '`sample`: texts written on the way',
  engine: '`engine`: what computes',
  loss: '`loss`: what is made small',
  recipe: '`recipe`: functions over the rows',
};

const introduction = `# The experiment file

A YAML (or JSON) file with the keys below. Only \`model\` and \`dataset.path\` must be given; everything else has a default. A key
that does not exist stops the run and names the nearest that does. On the command line \`--set train.learning_rate=1e-4\`
goes before the file; its values are read as YAML. A TypeScript or JavaScript module with the same keys may be given instead, which can
hold functions too ([data.md](data.md#recipes)).

Paths are relative to the file, those of \`--set\` to the working folder; \`~\` is your home. A \`model\` that is no folder may be a name
(\`org/name\`) that is looked up in \`WORKBENCH_MODELS\` and the Hugging Face cache. \`tokenizer\` is needed only where the tokenizer does
not lie in the model's folder (a config made by hand to train from scratch with somebody else's \`tokenizer.json\`): it names that
folder, and the tokenizer goes with what is exported.

\`workbench data <file>\` shows the rows that come of it, \`workbench estimate <file>\` what it costs. The formats of rows are in
[data.md](data.md). This page is made from the schema (\`npm run docs\`).`;

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function shownDefault(knob: Knob): string {
  return knob.default === undefined ? '(must be given)' : `\`${JSON.stringify(knob.default)}\``;
}

function row(knob: Knob): string {
  return `| \`${knob.key}\` | ${cell(knob.expects)} | ${cell(shownDefault(knob))} | ${cell(knob.help)} |`;
}

it('describes every key', async () => {
  const sections = [...new Set(knobs.map(({ group }) => group))].map((group) => {
    expect(groups).toHaveProperty([group]);
    return [`## ${groups[group]}`, '', '| key | value | default | meaning |', '| --- | --- | --- | --- |', ...knobs.filter((knob) => knob.group === group).map(row)].join('\n');
  });
  await expect(`${[introduction, ...sections].join('\n\n')}\n`).toMatchFileSnapshot(page);
});
