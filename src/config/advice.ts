/**
 * What is allowed but seldom meant, said before it costs a night. One rule a row, pure: the screen asks at every key,
 * `workbench estimate` prints it, and a run keeps it among its warnings.
 */
import { formatBytes, formatCount, formatShare } from '../util/format.js';
import type { Experiment } from './schema.js';

/** What was found out about an experiment; null where it is not known yet. An estimate is one. */
export interface RunFacts {
  readonly total_parameters: number;
  readonly trainable_parameters: number;
  readonly steps: number | null;
  readonly steps_per_epoch: number | null;
  /** Rows of an epoch (packed rows count once), rows held out, and rows longer than `max_length`. */
  readonly train_rows: number | null;
  readonly eval_rows: number | null;
  readonly cut_rows: number | null;
  readonly memory_bytes: number;
  readonly available_memory_bytes: number;
}

export interface Advice {
  /** The knobs to turn, the likeliest first. */
  readonly keys: readonly string[];
  readonly text: string;
}

interface Rule {
  readonly keys: readonly string[];
  /** The sentence, or null where all is usual. */
  readonly says: (experiment: Experiment, facts: RunFacts) => string | null;
}

/** Rates that papers and model cards name are for models of 100 million parameters and more; small ones want higher. */
const largeModel = 1e8;
const smallModel = 2e7;

const rules: readonly Rule[] = [
  {
    keys: ['train.per_device_train_batch_size', 'max_length', 'lora.r'],
    says: (_, { memory_bytes: needed, available_memory_bytes: free }) => (needed > free ? `It needs ${formatBytes(needed)} of memory, and ${formatBytes(free)} are available: lower the batch size, max_length or the rank.` : null),
  },
  {
    keys: ['lora.lora_alpha', 'lora.r'],
    says({ finetuning, lora }) {
      const ratio = lora.lora_alpha / lora.r;
      if (finetuning !== 'lora' || lora.use_rslora || (ratio >= 0.5 && ratio <= 8)) return null;
      return `lora_alpha / r is ${Number(ratio.toPrecision(3))}, which is unusually ${ratio < 1 ? 'low' : 'high'}; 1 to 4 is usual.`;
    },
  },
  {
    keys: ['lora.r', 'lora.target_modules'],
    says({ finetuning }, { trainable_parameters: trainable, total_parameters: total }) {
      const base = total - trainable;
      return finetuning === 'lora' && trainable > base / 2 ? `The adapter is ${formatShare(trainable / base)} as large as the model: lower the rank, or take finetuning: full.` : null;
    },
  },
  { keys: ['train.learning_rate', 'finetuning'], says: (experiment, { total_parameters }) => aboutRate(experiment, total_parameters) },
  {
    keys: ['train.per_device_train_batch_size', 'train.gradient_accumulation_steps'],
    says({ train }, { train_rows: rows }) {
      const batch = train.per_device_train_batch_size * train.gradient_accumulation_steps;
      return rows !== null && batch > rows ? `An update takes ${formatCount(batch)} rows, but there are only ${formatCount(rows)}.` : null;
    },
  },
  {
    keys: ['max_length'],
    says({ max_length, stage }, { cut_rows: cut, train_rows: rows, eval_rows: held }) {
      if (stage === 'pretrain' || cut === null || rows === null) return null;
      const share = cut / Math.max(cut, rows + (held ?? 0));
      return share >= 0.01 ? `max_length ${formatCount(max_length)} cuts ${formatShare(share)} of the rows (${formatCount(cut)}).` : null;
    },
  },
  { keys: ['overflow'], says: (experiment) => aboutOverflow(experiment) },
  {
    keys: ['dataset.val_size', 'dataset.eval'],
    says: (_, { eval_rows: rows }) => (rows === 0 ? 'No rows are held out, so it never evaluates: set dataset.val_size or dataset.eval.' : null),
  },
  {
    keys: ['train.eval_steps'],
    says: ({ train }, { eval_rows: rows, steps }) => (rows !== 0 && steps !== null && train.eval_steps > steps ? `It evaluates only at the end: eval_steps is ${formatCount(train.eval_steps)}, and there are ${formatCount(steps)} updates.` : null),
  },
  {
    keys: ['train.save_steps'],
    says: ({ train }, { steps }) => (steps !== null && steps >= 1000 && (train.save_steps === 0 || train.save_steps > steps) ? `There is no checkpoint before the end of ${formatCount(steps)} updates: a crash would lose them all.` : null),
  },
  {
    keys: ['train.num_train_epochs', 'train.max_steps'],
    says: (_, { steps }) => (steps !== null && steps < 10 ? `${steps === 1 ? 'There is only 1 update' : `There are only ${steps} updates`}: it will hardly learn.` : null),
  },
  {
    keys: ['train.num_train_epochs'],
    says({ init, train }, { steps, steps_per_epoch: perEpoch }) {
      const epochs = steps === null || perEpoch === null ? train.num_train_epochs : steps / perEpoch;
      return init === 'pretrained' && epochs > 10 ? `Every row is seen ${Math.ceil(epochs)} times: it is likely to learn them by heart.` : null;
    },
  },
  { keys: ['train.warmup_steps', 'train.warmup_ratio', 'train.lr_scheduler_type'], says: ({ train }, { steps }) => aboutWarmup(train, steps) },
  {
    keys: ['lora.lora_dropout'],
    says: ({ finetuning, lora }) => (finetuning === 'lora' && lora.lora_dropout > 0.3 ? `A dropout of ${lora.lora_dropout} is unusually high; 0 to 0.1 is usual.` : null),
  },
  {
    keys: ['stage'],
    says: ({ init, stage, dataset }) => (init === 'random' && stage === 'sft' && dataset.format === 'text' ? 'A model from scratch learns most from whole documents: set stage: pretrain.' : null),
  },
];

/** Everything there is to say, the most serious first. */
export function advise(experiment: Experiment, facts: RunFacts): Advice[] {
  return rules.flatMap(({ keys, says }) => {
    const text = says(experiment, facts);
    return text === null ? [] : [{ keys, text }];
  });
}

function aboutRate({ init, finetuning, train: { learning_rate: rate } }: Experiment, parameters: number): string | null {
  const shown = rate < 1e-3 ? rate.toExponential() : String(rate);
  if (init === 'random') return rate < 1e-5 ? `A learning rate of ${shown} is low for a model from scratch; 1e-4 to 2e-3 is usual.` : null;
  if (finetuning === 'lora') {
    if (rate < 1e-5) return `A learning rate of ${shown} is low for LoRA, which wants about ten times that of full tuning; 1e-4 to 5e-4 is usual.`;
    return rate > 1e-3 && parameters > smallModel ? `A learning rate of ${shown} is high for LoRA; 1e-4 to 5e-4 is usual.` : null;
  }
  const high = parameters > largeModel ? 2e-4 : 1e-3;
  return rate > high ? `A learning rate of ${shown} is high for ${finetuning === 'full' ? 'full fine-tuning' : 'tuning layers whole'}; 1e-5 to 1e-4 is usual.` : null;
}

/** Only a text that is learned whole can go on in another row. */
function aboutOverflow({ overflow, stage, dataset, recipe }: Experiment): string | null {
  if (overflow !== 'split') return null;
  if (stage === 'pretrain' || stage === 'mlm') return `overflow: split changes nothing in stage ${stage}, where every text goes on in the next row.`;
  if (stage !== 'sft') return `overflow: split changes nothing in stage ${stage}, where what is longer than max_length is cut.`;
  const readsText = recipe.path !== null || [dataset, ...dataset.mix].some(({ format, name }) => format === 'text' || name !== null);
  return readsText ? null : `overflow: split changes nothing for rows of format ${dataset.format}, of which only answers are learned: longer ones are cut.`;
}

function aboutWarmup({ warmup_steps, warmup_ratio, lr_scheduler_type: schedule }: Experiment['train'], steps: number | null): string | null {
  if (warmup_steps === 0 && warmup_ratio === 0) return null;
  if (schedule === 'constant') return 'The schedule constant has no warm-up: take constant_with_warmup.';
  if (steps !== null && warmup_steps >= steps) return `The rate rises for ${formatCount(warmup_steps)} updates, but there are only ${formatCount(steps)}: it never reaches its peak.`;
  return warmup_steps === 0 && warmup_ratio > 0.3 ? `The rate rises for ${formatShare(warmup_ratio)} of the run; 0 to 10 % is usual.` : null;
}
