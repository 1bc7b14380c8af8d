/** The model card that goes with an export: README.md with the front matter that model hubs read. */
import { basename } from 'node:path';
import { stringify } from 'yaml';
import { writeExperiment } from '../config/file.js';
import { pathKeys, valueAt, withValues } from '../config/keys.js';
import type { Experiment } from '../config/schema.js';
import type { ExportFormat } from './run.js';

/** What came of a run; null where it was not measured. */
export interface CardFacts {
  readonly name: string;
  readonly step: number;
  readonly tokens_seen: number | null;
  readonly train_loss: number | null;
  readonly eval_loss: number | null;
  readonly perplexity: number | null;
  readonly accuracy: number | null;
  readonly trainable_parameters: number | null;
  readonly total_parameters: number | null;
}

/** What a hub files a model under: https://huggingface.co/tasks */
const pipelines: Readonly<Record<Experiment['stage'], string>> = { sft: 'text-generation', pretrain: 'text-generation', seq2seq: 'text2text-generation', mlm: 'fill-mask', classify: 'text-classification' };

/** https://huggingface.co/docs/hub/model-cards */
export function modelCard(experiment: Experiment, facts: CardFacts, format: ExportFormat): string {
  const base = /models--(.+?)[/\\]snapshots/.exec(experiment.model)?.[1].replace('--', '/') ?? basename(experiment.model);
  const front = {
    base_model: base,
    library_name: { peft: 'peft', merged: 'transformers', gguf: 'gguf', 'gguf-lora': 'gguf', onnx: 'transformers.js' }[format],
    pipeline_tag: pipelines[experiment.stage],
    tags: ['workbench', experiment.finetuning, ...(format.startsWith('gguf') ? ['gguf'] : []), ...(format === 'onnx' ? ['onnx'] : [])],
  };
  const results = [
    ['loss in training', facts.train_loss],
    ['loss in evaluation', facts.eval_loss],
    ['perplexity', facts.perplexity],
    ['accuracy', facts.accuracy],
  ].flatMap(([what, value]) => (typeof value === 'number' ? [`| ${what} | ${value.toPrecision(5)} |`] : []));
  const counts = [
    `${facts.step} updates`,
    ...(facts.tokens_seen === null ? [] : [`${facts.tokens_seen.toLocaleString('en')} tokens`]),
    ...(facts.trainable_parameters === null || facts.total_parameters === null ? [] : [`${facts.trainable_parameters.toLocaleString('en')} of ${facts.total_parameters.toLocaleString('en')} parameters trained`]),
  ];
  return [
    `---\n${stringify(front)}---`,
    `# ${facts.name}`,
    `${base}, ${experiment.finetuning === 'lora' ? 'with a LoRA adapter' : 'fine-tuned'} on ${basename(experiment.dataset.path)}: ${counts.join(', ')}.`,
    ...(results.length === 0 ? [] : ['## Results', ['| | |', '| --- | --- |', ...results].join('\n')]),
    '## Settings',
    'What differs from the defaults:',
    `\`\`\`yaml\n${writeExperiment(anonymous(experiment), { changed: true }).trimEnd()}\n\`\`\``,
    '',
  ].join('\n\n');
}

/** Without the folders of the machine it was trained on, of which a command may tell too. */
function anonymous(experiment: Experiment): Experiment {
  const names = pathKeys(experiment).map((key) => {
    const place = valueAt(experiment, key);
    return [key, typeof place === 'string' ? basename(place) || '.' : place];
  });
  return withValues(experiment, { ...Object.fromEntries(names), on_finish: null });
}
