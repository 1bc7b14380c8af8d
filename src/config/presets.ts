/** Starting points for a form: a few keys that belong together. The others, model and data among them, stay as they are. */

export interface Preset {
  readonly name: string;
  /** When to take it, and what it costs. */
  readonly help: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const adapter = { finetuning: 'lora', quantization: 'none', init: 'pretrained', stage: 'sft' } as const;
/** What leaves the weights of the model themselves changed has no place for an adapter, nor for a base in codes. */
const noAdapter = { quantization: 'none', 'lora.adapter_name_or_path': null } as const;

export const presets: readonly Preset[] = [
  {
    name: 'quick LoRA',
    help: 'to see in minutes whether it learns: one pass, a small adapter on the attention, a high rate',
    values: {
      ...adapter, 'lora.r': 8, 'lora.lora_alpha': 16, 'lora.lora_dropout': 0, 'lora.target_modules': 'auto', 'train.learning_rate': 3e-4, 'train.lr_scheduler_type': 'cosine',
      'train.warmup_ratio': 0.03, 'train.num_train_epochs': 1,
    },
  },
  {
    name: 'careful LoRA',
    help: 'for the result: an adapter on every linear layer, three passes, updates of 16 rows; comes near full tuning',
    values: {
      ...adapter, 'lora.r': 16, 'lora.lora_alpha': 32, 'lora.lora_dropout': 0.05, 'lora.target_modules': 'all-linear', 'train.learning_rate': 2e-4, 'train.lr_scheduler_type': 'cosine',
      'train.warmup_ratio': 0.05, 'train.num_train_epochs': 3, 'train.per_device_train_batch_size': 4, 'train.gradient_accumulation_steps': 4, 'train.weight_decay': 0.01,
    },
  },
  {
    name: 'memory-tight LoRA',
    help: 'least memory: a base in 8 bits, one row at a time, sixteen of them an update; as good as a large batch, and slower',
    values: {
      ...adapter, quantization: 'int8', 'lora.r': 8, 'lora.lora_alpha': 16, 'lora.target_modules': 'auto', 'train.per_device_train_batch_size': 1, 'train.per_device_eval_batch_size': 1,
      'train.gradient_accumulation_steps': 16, 'train.learning_rate': 2e-4, 'train.auto_find_batch_size': true,
    },
  },
  {
    name: 'last layers',
    help: 'the last two blocks, the rest as it is: quick, since nothing is computed backwards below them',
    values: { ...noAdapter, finetuning: 'freeze', init: 'pretrained', 'freeze.num_trainable_layers': 2, 'train.learning_rate': 5e-5, 'train.warmup_ratio': 0.03 },
  },
  {
    name: 'full tuning',
    help: 'every weight: some seven times the memory of the model, and a rate ten times lower',
    values: {
      ...noAdapter, finetuning: 'full', init: 'pretrained', 'train.learning_rate': 2e-5, 'train.lr_scheduler_type': 'cosine', 'train.warmup_ratio': 0.03, 'train.weight_decay': 0.01,
    },
  },
  {
    name: 'continued pre-training',
    help: 'every token of plain text, rows filled up: teaches a language or a field rather than a task',
    values: {
      ...noAdapter, finetuning: 'full', init: 'pretrained', stage: 'pretrain', packing: true, 'dataset.format': 'text',
      'train.learning_rate': 5e-5, 'train.warmup_ratio': 0.03, 'train.weight_decay': 0.1,
    },
  },
  {
    name: 'from scratch',
    help: 'the architecture alone, from random weights: every token counts, and much data is needed',
    values: {
      ...noAdapter, finetuning: 'full', init: 'random', stage: 'pretrain', packing: true, 'dataset.format': 'text', 'train.learning_rate': 1e-3, 'train.warmup_ratio': 0.05,
      'train.weight_decay': 0.1, 'train.adam_beta2': 0.95,
    },
  },
];
