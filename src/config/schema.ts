/**
 * Everything a person may choose about a run, with its default and its limits. Names are those of
 * Transformers' `TrainingArguments` and PEFT's `LoraConfig` wherever one exists. What the screen and the
 * error sentences say about a key (`limits.ts`) is made from this schema and kept nowhere else.
 */
import { z } from 'zod';

declare module 'zod' {
  interface GlobalMeta {
    /** The name on the screen, where the key itself is too long for it. */
    label?: string;
    /** `log`: an arrow key multiplies instead of adding. */
    step?: 'log';
    /** What an arrow key adds: 1, or 0.05 to a fraction, where nothing is said. */
    stride?: number;
    /** 0 stands apart: what is above it, up to this, is refused. */
    gap?: number;
    /** How far the arrow keys go; more can be typed. */
    reach?: number;
    /** What such a text is, where that is more than a text. */
    words?: string;
    /** What must be given, in words, where the schema does not say it. */
    expects?: string;
    /** Names a file or folder: made absolute when an experiment file is read. */
    path?: true;
  }
}

const count = (minimum: number) => z.int().min(minimum);
const fraction = z.number().min(0).lt(1);
const text = z.string().min(1);

/** Nothing that a terminal would take for a command. */
export function isPrintable(name: string): boolean {
  return !/\p{Cc}/u.test(name);
}


const format = z.enum(['alpaca', 'sharegpt', 'chat', 'text', 'classification', 'prompt-completion']).default('alpaca').describe('how a row becomes text');
const columns = z.record(z.string(), z.string()).default({}).describe('names of the columns in the file: {instruction: question, output: answer}');
const tags = z.record(z.string(), z.string()).default({}).describe("names within messages, LLaMA-Factory's words: {role_tag: speaker, user_tag: me}");
const template = text.nullable().default(null).describe("a named prompt template, or null for the format's own");
const entry = text.nullable().default(null).describe("an entry of the folder's dataset_info.json, which names file, format and columns").meta({ label: 'entry' });
const weightColumn = text.nullable().default(null).describe('a column that says how much a row counts in the loss: at least 0; 0 leaves it out').meta({ label: 'weight column' });
const weight = z.number().positive().default(1).describe('how often a row is seen in an epoch: 2 twice, 0.5 every other one').meta({ stride: 0.5 });
const maxSamples = count(1).nullable().default(null).describe('use only the first rows').meta({ step: 'log' });

const filter = z.strictObject({
  contains: z.array(text).default([]).describe('keep rows with at least one of these words in their text'),
  excludes: z.array(text).default([]).describe('leave out rows with any of these words'),
  matches: text.nullable().default(null).describe('keep rows in which this regular expression finds something: word, or /word/i'),
  min_length: count(0).default(0).describe('shortest text of a row, in characters').meta({ label: 'shortest row', step: 'log' }),
  max_length: count(1).nullable().default(null).describe('longest text of a row, in characters').meta({ label: 'longest row', step: 'log' }),
  where: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}).describe('keep rows whose columns hold one of these values: {language: [Python, R]}'),
});

/** Another set, drawn together with the first; without a path another entry of the first one's folder. */
const mixed = z.strictObject({ path: text.nullable().default(null), format, columns, tags, name: entry, template, max_samples: maxSamples, weight, weight_column: weightColumn })
  .refine(({ path, name }) => path !== null || name !== null, "must have a path, or the name of an entry in dataset.path's dataset_info.json");

/** What a set that is mixed in is without a word. */
export const mixedDefaults = { ...mixed.parse({ path: 'x' }), path: null };

const dataset = z.strictObject({
  path: text.describe('file, folder (train/validation/test) or pattern of files with rows to learn from').meta({ label: 'dataset', path: true }),
  format,
  columns,
  tags,
  name: entry,
  template,
  eval: text.nullable().default(null).describe('rows to evaluate on; instead of val_size').meta({ label: 'eval rows', path: true }),
  val_size: z.number().min(0).refine((n) => n < 1 || Number.isInteger(n), 'must be a share below 1 or a whole number of rows').default(0)
    .describe('share (below 1) or number of rows held out for evaluation').meta({ reach: 0.5 }),
  max_eval_samples: count(1).nullable().default(null).describe('evaluate on so many of these rows while it trains, a fixed draw; workbench eval takes all').meta({ label: 'eval samples', step: 'log' }),
  labels: z.array(text).min(2).nullable().default(null).describe("names of the classes in the order of their numbers (stage classify); null: the model's"),
  max_samples: maxSamples,
  filter: filter.prefault({}),
  dedupe: z.enum(['none', 'exact', 'near']).default('none').describe('leave out rows seen before: word for word, or nearly so; near takes some 0.5 kB a row that is kept'),
  weight,
  weight_column: weightColumn,
  mix: z.array(mixed).default([]).describe('more sets to learn from: [{path: …, format: …, weight: 0.5}]; with a name alone, another entry of the same folder'),
});

const loss = z.strictObject({
  type: z.enum(['mean', 'keytoken']).default('mean').describe('mean: over label tokens, by their weights; keytoken: over rows, each by how many of some tokens it has').meta({ label: 'loss' }),
  tokens: z.array(z.string().min(1)).default([]).describe('of keytoken: words that are one token, with a space before them or without: [plt, pd, fit]').meta({ label: 'key tokens' }),
  alpha: z.number().positive().default(1).describe('of keytoken: a row counts alpha · (1 + key tokens in it)').meta({ label: 'key weight', step: 'log' }),
});

const recipe = z.strictObject({
  path: text.nullable().default(null).describe('a TypeScript or JavaScript file with functions over rows: filter, prompt, weight, tokenWeights; the experiment it exports is not read').meta({ label: 'recipe', path: true }),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal').nullable().default(null).describe('of that file, written by a run, which goes on with no other').meta({ label: 'recipe hash' }),
});

/** Has what a regular expression has and the name of one module does not. */
export function isPattern(names: string): boolean {
  return /[\\^$*+?()[\]{}]/.test(names);
}

/** Names, or a regular expression of whole names. */
const pattern = z.string().refine(isPattern, { abort: true }).meta({ words: 'a regular expression' });
const modules = z.union([z.array(text).min(1), pattern]);

const lora = z.strictObject({
  r: count(1).default(8).describe('rank of the update; parameters and memory grow with it').meta({ label: 'rank r', step: 'log' }),
  lora_alpha: z.number().positive().default(16).describe('strength: the update is scaled by lora_alpha / r').meta({ label: 'alpha', step: 'log' }),
  lora_dropout: fraction.default(0).describe('share of the inputs of the update zeroed while training').meta({ label: 'dropout' }),
  target_modules: z.union([z.literal('auto'), z.literal('all-linear'), z.array(text).min(1), pattern]).default('auto').describe("auto (PEFT's default), all-linear, names, or a regular expression of whole names: .*layers\\.1.*proj"),
  exclude_modules: modules.nullable().default(null).describe('of those, names or a regular expression of what is left as it is').meta({ label: 'excluded' }),
  layers_to_transform: z.union([z.array(count(0)).min(1), count(0)]).nullable().default(null).describe('of those, only what is in these blocks, from 0; null: all').meta({ label: 'only layers' }),
  rank_pattern: z.record(z.string(), count(1)).default({}).describe('another r for some modules, by the end of the name or a regular expression of it: {q_proj: 16}'),
  alpha_pattern: z.record(z.string(), z.number().positive()).default({}).describe('another lora_alpha for some modules: {q_proj: 32}'),
  use_rslora: z.boolean().default(false).describe('scale by lora_alpha / √r instead').meta({ label: 'rslora' }),
  use_dora: z.boolean().default(false).describe('learn length and direction of the weights apart (DoRA); each product with them takes r rows more, with dropout a second product').meta({ label: 'dora' }),
  bias: z.enum(['none', 'all', 'lora_only']).default('none').describe('biases that learn too: all there are, or those of the adapted modules'),
  modules_to_save: z.array(text).min(1).nullable().default(null).describe('modules that learn whole beside the adapter, by the end of the name: [embed_tokens, lm_head]; each number of them takes 16 bytes and room in every checkpoint').meta({ label: 'learned whole' }),
  ensure_weight_tying: z.boolean().default(false).describe('an embedding that is the head too and learns whole stays one; else the two part').meta({ label: 'keep tied' }),
  init_lora_weights: z.union([z.boolean(), z.literal('gaussian')]).default(true).describe('what A and B begin as: true is Kaiming-uniform and zero, gaussian normal and zero, false both at random').meta({ label: 'initial A, B' }),
  adapter_name_or_path: text.nullable().default(null).describe('a PEFT adapter folder to go on from').meta({ label: 'from adapter', path: true }),
});

/** What an adapter is without a word. */
export const loraDefaults = lora.parse({});

const freeze = z.strictObject({
  num_trainable_layers: z.int().refine((n) => n !== 0, 'must not be 0').default(2).describe('train the last n blocks (the first n if negative)').meta({ label: 'trainable layers' }),
});

const slope = z.enum(['linear', 'cosine', '1-sqrt']).nullable().default(null);

/** What one schedule or another takes (schedules.ts); null: its own default. */
const schedule = z.strictObject({
  num_cycles: z.number().positive().nullable().default(null).describe('of cosine_with_restarts: how often it falls to zero; of other cosines: waves; null: 1, or half a wave').meta({ label: 'cycles', stride: 0.5 }),
  min_lr: z.number().min(0).nullable().default(null).describe('of cosine_with_min_lr, reduce_lr_on_plateau: the rate falls no lower').meta({ label: 'least rate', step: 'log', reach: 1e-4 }),
  min_lr_rate: fraction.nullable().default(null).describe('of cosine_with_min_lr: the same as a share of learning_rate; null: 0.1 where min_lr is null too').meta({ label: 'least share' }),
  lr_end: z.number().min(0).nullable().default(null).describe('of polynomial: the rate at the end; null: 1e-7').meta({ label: 'end rate', step: 'log', reach: 1e-4 }),
  power: z.number().positive().nullable().default(null).describe('of polynomial; null: 1, a straight line').meta({ stride: 0.5 }),
  timescale: count(1).nullable().default(null).describe('of inverse_sqrt: updates after which the rate is 0.71 of the peak; null: those of the warm-up, else 10000').meta({ step: 'log' }),
  num_decay_steps: count(0).nullable().default(null).describe('of warmup_stable_decay: updates in which the rate falls; null: a fifth of all').meta({ label: 'decay steps', step: 'log' }),
  num_stable_steps: count(0).nullable().default(null).describe('of warmup_stable_decay: updates at the peak; null: all between warm-up and decay').meta({ label: 'stable steps', step: 'log' }),
  warmup_type: slope.describe('of warmup_stable_decay: how the rate rises; null: linear').meta({ label: 'warm-up shape' }),
  decay_type: slope.describe('of warmup_stable_decay: how the rate falls; null: cosine').meta({ label: 'decay shape' }),
  min_lr_ratio: fraction.nullable().default(null).describe('of warmup_stable_decay: share of learning_rate that it begins and ends at; null: 0').meta({ label: 'least ratio' }),
  factor: z.number().gt(0).lt(1).nullable().default(null).describe('of reduce_lr_on_plateau: what the rate is multiplied by; null: 0.1'),
  patience: count(0).nullable().default(null).describe('of reduce_lr_on_plateau: evaluations that may get no better before the rate falls; null: 10'),
  threshold: z.number().min(0).nullable().default(null).describe('of reduce_lr_on_plateau: better is by this share at least; null: 0.0001').meta({ step: 'log' }),
  cooldown: count(0).nullable().default(null).describe('of reduce_lr_on_plateau: evaluations after a fall that do not count; null: 0'),
});

const train = z.strictObject({
  per_device_train_batch_size: count(1).default(4).describe('rows a micro-batch; memory grows with it').meta({ label: 'batch size', step: 'log' }),
  per_device_eval_batch_size: count(1).default(8).describe('most rows a batch in evaluation; fewer where a large vocabulary would take much memory').meta({ label: 'eval batch size', step: 'log' }),
  gradient_accumulation_steps: count(1).default(1).describe('micro-batches an update; time grows with it, memory does not').meta({ label: 'accumulation', step: 'log' }),
  learning_rate: z.number().positive().default(2e-4).describe('size of an update at the peak of the schedule').meta({ step: 'log' }),
  lr_scheduler_type: z.enum(['linear', 'cosine', 'cosine_with_restarts', 'cosine_with_min_lr', 'polynomial', 'inverse_sqrt', 'warmup_stable_decay', 'constant', 'constant_with_warmup', 'reduce_lr_on_plateau']).default('cosine')
    .describe('how the rate falls over the updates; reduce_lr_on_plateau: when evaluations get no better').meta({ label: 'schedule' }),
  lr_scheduler_kwargs: schedule.prefault({}),
  warmup_steps: count(0).default(0).describe('updates in which the rate rises from 0; goes before warmup_ratio').meta({ step: 'log' }),
  warmup_ratio: z.number().min(0).max(1).default(0).describe('the same as a share of all updates'),
  num_train_epochs: z.number().positive().default(1).describe('passes over the data').meta({ label: 'epochs', stride: 0.5 }),
  max_steps: z.int().min(-1).refine((n) => n !== 0, 'must be -1 (train by epochs) or at least 1').default(-1).describe('stop after so many updates; -1: by epochs').meta({ step: 'log' }),
  stop_at: count(1).nullable().default(null).describe('end after this update with a checkpoint, evaluated, the schedule still that of the whole run; `workbench resume` goes on; null: at its end').meta({ label: 'stop at', step: 'log' }),
  optim: z.enum(['adamw', 'adamw_8bit', 'adafactor']).default('adamw').describe('8bit holds its moments in 8 bits: 6 bytes less for a trained parameter, the update itself slower; adafactor has none but for rows and columns: 8 bytes less').meta({ label: 'optimizer' }),
  loraplus_lr_ratio: z.number().positive().nullable().default(null).describe('LoRA+: matrices B of an adapter learn at so many times the rate; 16 is usual, with a lower rate').meta({ label: 'LoRA+ ratio', stride: 4 }),
  label_smoothing_factor: fraction.default(0).describe('share of every label that is spread over all words; the loss that is trained on rises by it, evaluations are without').meta({ label: 'label smoothing' }),
  neftune_noise_alpha: z.number().positive().nullable().default(null).describe('NEFTune: noise on the embeddings while it trains; 5 to 15 is usual').meta({ label: 'NEFTune noise', stride: 5 }),
  weight_decay: z.number().min(0).default(0).describe('decoupled decay; not on biases and norm weights').meta({ step: 'log' }),
  adam_beta1: fraction.default(0.9).describe('decay of the first moment'),
  adam_beta2: fraction.default(0.999).describe('decay of the second moment'),
  adam_epsilon: z.number().positive().default(1e-8).describe('added to the root of the second moment').meta({ step: 'log' }),
  max_grad_norm: z.number().min(0).default(1).describe('clip the global gradient norm at this; 0: never').meta({ stride: 0.5 }),
  on_non_finite: z.enum(['stop', 'skip', 'lower_rate']).default('stop').describe('a loss that is not a number, or a spike: stop, leave the update out, or also halve the rate').meta({ label: 'on NaN' }),
  spike_guard: z.number().min(0).refine((n) => n === 0 || n > 1, 'must be 0 (off) or above 1').default(0).describe('do not make an update whose loss is over so many times its running mean; 0: make every one').meta({ label: 'spike guard', stride: 1, gap: 1 }),
  spike_window: count(2).default(32).describe('updates in that running mean; the guard begins when half of them are there').meta({ label: 'spike window', step: 'log' }),
  gradient_checkpointing: z.union([z.literal('auto'), z.boolean()]).default('auto').describe('compute blocks again for the gradient and keep less: a third more time; auto: where memory would not do').meta({ label: 'checkpointing' }),
  auto_find_batch_size: z.boolean().default(true).describe('halve the micro-batch and double the accumulation when memory runs out').meta({ label: 'fit to memory' }),
  seed: count(0).default(42).describe('of the order of rows, initial values and dropout'),
  shuffle: z.boolean().default(true).describe('a new order of rows every epoch'),
  group_by_length: z.boolean().default(false).describe('batches of rows of about one length: less padding, the order a little less random').meta({ label: 'group by length' }),
  padding_free: z.boolean().default(true).describe('the rows of a micro-batch in fewer, fuller ones, attention confined to each: the same updates in less time; false: padded to the longest').meta({ label: 'padding-free' }),
  logging_first_step: z.boolean().default(false).describe('log the first update too, whatever logging_steps').meta({ label: 'log the first' }),
  logging_steps: count(1).default(1).describe('updates between logged points').meta({ step: 'log' }),
  eval_strategy: z.enum(['steps', 'epoch']).default('steps').describe('evaluate every eval_steps updates, or at the end of every epoch').meta({ label: 'evaluate by' }),
  eval_steps: count(0).default(50).describe('updates between evaluations; 0: only at the end').meta({ step: 'log' }),
  eval_on_start: z.boolean().default(false).describe('evaluate before the first update too, to see what the base can do'),
  predict_with_generate: z.boolean().default(false).describe('let it answer the rows it is evaluated on, and measure that: ROUGE, BLEU, exact; a forward pass a token and batch of rows').meta({ label: 'predict' }),
  generation_max_new_tokens: count(1).nullable().default(null).describe("of these answers: most tokens; null: what the model's folder says, else as many as the longest true answer has").meta({ label: 'answer tokens', step: 'log' }),
  generation_num_beams: count(1).nullable().default(null).describe("of these answers: texts kept side by side, each as dear as one; null: what the model's folder says, else 1").meta({ label: 'answer beams' }),
  max_predict_samples: count(1).nullable().default(null).describe('of these answers: only to the first rows').meta({ label: 'answered rows', step: 'log' }),
  metric_for_best_model: z.enum(['eval_loss', 'accuracy', 'rouge1', 'rouge2', 'rougeL', 'bleu', 'exact_match']).default('eval_loss').describe('what the best checkpoint, an early end and reduce_lr_on_plateau go by; accuracy: of format classification; those of texts: with predict_with_generate').meta({ label: 'best by' }),
  load_best_model_at_end: z.boolean().default(false).describe('give the weights of the best evaluation instead of the last ones; writes a checkpoint at each that is the best so far').meta({ label: 'give the best' }),
  early_stopping_patience: count(1).nullable().default(null).describe('end after so many evaluations in a row that were no better than the best before them; null: never').meta({ label: 'early stopping' }),
  early_stopping_threshold: z.number().min(0).default(0).describe('better is by more than this').meta({ label: 'least gain', step: 'log' }),
  save_strategy: z.enum(['steps', 'epoch']).default('steps').describe('write a checkpoint every save_steps updates, or at the end of every epoch').meta({ label: 'save by' }),
  save_steps: count(0).default(100).describe('updates between checkpoints; 0: only at the end').meta({ step: 'log' }),
  save_total_limit: count(1).nullable().default(3).describe('checkpoints kept; null: all').meta({ label: 'checkpoints kept' }),
  save_best: z.boolean().default(true).describe('also keep the best (metric_for_best_model) of those evaluated when they were written').meta({ label: 'keep the best' }),
  save_keep_every: count(0).default(0).describe('keep every so manieth checkpoint for good, beside those kept anyway; 0: none').meta({ label: 'keep every' }),
});

const sample = z.strictObject({
  prompts: z.array(z.string().min(1)).default([]).describe('texts to continue after each evaluation, to see what it learns'),
  max_new_tokens: count(1).default(64).describe('tokens a sample').meta({ step: 'log' }),
  temperature: z.number().min(0).default(0).describe('0: greedy').meta({ stride: 0.1 }),
});

const engine = z.strictObject({
  name: z.enum(['auto', 'onnx', 'tfjs', 'reference']).default('auto').describe('what computes; auto takes the best there is').meta({ label: 'engine' }),
  device: z.enum(['auto', 'cpu', 'webgpu', 'cuda']).default('auto').describe('where it computes'),
  threads: z.union([z.literal('auto'), count(1)]).default('auto').describe('CPU threads; auto: the cores there are'),
});

export const experimentSchema = z.strictObject({
  name: text.refine(isPrintable, 'must have no control characters, such as line ends').nullable().default(null).describe('of the run; null: from the model and the dataset'),
  model: text.describe('a Hugging Face folder: config.json, *.safetensors, tokenizer.json').meta({ path: true }),
  tokenizer: text.nullable().default(null).describe("a folder with another tokenizer.json; null: the model's own").meta({ path: true }),
  dataset,
  stage: z.enum(['sft', 'pretrain', 'seq2seq', 'mlm', 'classify']).default('sft').describe('sft learns the answers, pretrain every token, seq2seq a target for each source, mlm masked ones, classify a class for each text'),
  init: z.enum(['pretrained', 'random']).default('pretrained').describe('random: take only the config and start from scratch'),
  max_length: count(2).default(512).describe('longest row in tokens; longer ones are cut').meta({ step: 'log' }),
  overflow: z.enum(['cut', 'split']).default('cut').describe('a text of stage sft longer than max_length loses its end, or goes on in rows of its own'),
  mlm_probability: z.number().gt(0).lt(1).default(0.15).describe('share of the tokens that stage mlm masks or changes'),
  packing: z.boolean().default(false).describe('several rows in one, attention confined to each'),
  finetuning: z.enum(['lora', 'freeze', 'full']).default('lora').describe('what is trained: an adapter, some layers, everything'),
  quantization: z.enum(['none', 'int8', 'int4']).default('none').describe('how a frozen base is held: int8 takes a quarter of its memory, int4 a sixth, a few per cent slower and less exact'),
  precision: z.enum(['f32', 'bf16', 'f16', 'auto']).default('f32').describe('what products are computed in and a frozen base is held in; 16 bits take half its memory and on the CPU some more time; auto: 16 bits where a device computes in them'),
  lora: lora.prefault({}),
  loss: loss.prefault({}),
  freeze: freeze.prefault({}),
  train: train.prefault({}),
  checkpoint_mirror: text.nullable().default(null).describe('a second folder, on another disk, for copies of the checkpoints').meta({ label: 'mirror', path: true }),
  on_finish: text.nullable().default(null).describe('a shell command to run when the run has ended, however it did; WORKBENCH_RUN_STATE and others tell it how').meta({ label: 'on finish' }),
  report_to: z.union([z.literal('none'), z.literal('tensorboard'), z.array(z.enum(['none', 'tensorboard']))]).default('none').describe("who else is told of a run: tensorboard has its curves and samples in the run's folder, `tb/`").meta({ label: 'report to' }),
  sample: sample.prefault({}),
  engine: engine.prefault({}),
  recipe: recipe.prefault({}),
});

/** A complete, valid experiment: every key is there. */
export type Experiment = z.output<typeof experimentSchema>;
export type DatasetConfig = Experiment['dataset'];
export type MixedConfig = DatasetConfig['mix'][number];
export type LossConfig = Experiment['loss'];
export type LoraConfig = Experiment['lora'];
export type TrainConfig = Experiment['train'];
export type EngineConfig = Experiment['engine'];
