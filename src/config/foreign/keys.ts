/**
 * What other programs call our keys: Transformers' TrainingArguments, PEFT, bitsandbytes, LLaMA-Factory
 * (`src/llamafactory/hparams`), Axolotl, and what people say. By the last part of the name; a key that has the same name here needs no row.
 */

/** What somebody else's key amounts to here. */
export type Amounts =
  /** Values of our keys. */
  | { readonly sets: Readonly<Record<string, unknown>> }
  /** It says nothing here: why, as a clause. */
  | { readonly moot: string }
  /** There is nothing like it here: what there is, as a clause. */
  | { readonly lacks: string };

/** Our key, with the same value; or what a value amounts to (undefined: any, where it is not known). */
export type Row = string | ((value: unknown) => Amounts);

const sets = (values: Readonly<Record<string, unknown>>): Amounts => ({ sets: values });
const moot = (why: string): Row => () => ({ moot: why });
/** A switch that is off there asks for nothing that would be missed here. */
const lacks = (what: string): Row => (value) => (isOff(value) ? off : { lacks: what });
const off: Amounts = { moot: 'what it asks for is off' };
const isOff = (value: unknown): boolean => value === false || value === null || value === 0 || value === '' || value === 'none';
const listed = (value: unknown): unknown => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value);

/** Ours for a name of a number type: of torch, of Accelerate, of people. */
export const precisions: Readonly<Record<string, string>> = { bfloat16: 'bf16', float16: 'f16', fp16: 'f16', half: 'f16', float32: 'f32', fp32: 'f32', float: 'f32', no: 'f32' };

const inType = (type: string): Row => (value) => (isOff(value) ? off : sets({ precision: type }));
const typed: Row = (value) => sets({ precision: precisions[String(value).replace('torch.', '')] ?? (value === undefined ? 'bf16' : value) });
const bits = (count: unknown): Amounts => {
  if (isOff(count)) return off;
  if (count === 8) return sets({ quantization: 'int8' });
  return count === 4 || count === undefined ? sets({ quantization: 'int4' }) : { lacks: 'a base is held in 8 or 4 bits (`quantization: int8` or `int4`)' };
};
const inBits = (count: number): Row => (value) => bits(isOff(value) ? 0 : count);

/** `steps`, `epoch`, or `no`, which is told by the steps. */
const strategy = (what: 'eval' | 'save'): Row => (value) => sets(value === 'no' || value === false ? { [`train.${what}_steps`]: 0 } : { [`train.${what}_strategy`]: value ?? 'steps' });

const onCpu: Row = (value) => (isOff(value) ? off : sets({ 'engine.device': 'cpu' }));
const oneDevice = moot('one device computes, in one process');
const ownEngine = moot('the engine has its own kernels, and no code of a model is run');
const inHome = moot('every run has a folder of its own, and a resume goes on in it');
const prepared = moot('rows are tokenised once and kept');
const always = moot('it is always done');
const answersOnly = lacks('answers are learned, not preferences');
const textOnly = lacks('only text is learned');
const otherOptimizer = lacks('the optimizers are those of `train.optim`');

export const foreignKeys: Readonly<Record<string, Row>> = {
  // the model
  base_model: 'model',
  model_name: 'model',
  model_name_or_path: 'model',
  tokenizer_name: 'tokenizer',
  tokenizer_name_or_path: 'tokenizer',
  train_from_scratch: (value) => (isOff(value) ? off : sets({ init: 'random' })),
  rope_scaling: lacks('positions are as the config of the model has them'),
  resize_vocab: lacks('the vocabulary stays as it is'),
  add_tokens: lacks('the vocabulary stays as it is'),
  add_special_tokens: lacks('the vocabulary stays as it is'),
  mixture_of_depths: lacks('a model is trained as it is built'),
  shift_attn: lacks('attention is as the model has it'),
  // in what numbers
  bf16: inType('bf16'),
  pure_bf16: inType('bf16'),
  fp16: inType('f16'),
  dtype: typed,
  torch_dtype: typed,
  mixed_precision: typed,
  bnb_4bit_compute_dtype: typed,
  tf32: moot('products are as exact as `precision` says'),
  fp8: lacks('the least is 16 bits (`precision: bf16`)'),
  quantization_bit: bits,
  bits,
  load_in_8bit: inBits(8),
  load_in_4bit: inBits(4),
  bnb_4bit_quant_type: inBits(4),
  quantization_type: moot('`quantization: int4` has one form'),
  quantization_method: moot('`quantization` has one way a width'),
  double_quantization: moot('`quantization: int4` has one form'),
  bnb_4bit_use_double_quant: moot('`quantization: int4` has one form'),
  // what is trained
  finetuning_type: 'finetuning',
  adapter: (value) => sets(value === 'lora' || value === 'qlora' ? { finetuning: 'lora', ...(value === 'qlora' ? { quantization: 'int4' } : {}) } : { 'lora.adapter_name_or_path': value }),
  rank: 'lora.r',
  lora_r: 'lora.r',
  lora_rank: 'lora.r',
  alpha: 'lora.lora_alpha',
  dropout: 'lora.lora_dropout',
  targets: (value) => sets({ 'lora.target_modules': listed(value) }),
  lora_target: (value) => sets({ 'lora.target_modules': value === 'all' ? 'all-linear' : listed(value) }),
  lora_target_modules: 'lora.target_modules',
  additional_target: (value) => sets({ 'lora.modules_to_save': listed(value) }),
  lora_modules_to_save: 'lora.modules_to_save',
  peft_use_dora: 'lora.use_dora',
  peft_use_rslora: 'lora.use_rslora',
  peft_init_lora_weights: 'lora.init_lora_weights',
  peft_layers_to_transform: 'lora.layers_to_transform',
  lora_target_linear: (value) => sets({ 'lora.target_modules': isOff(value) ? 'auto' : 'all-linear' }),
  create_new_adapter: lacks('an adapter is gone on from (`lora.adapter_name_or_path`), or begun'),
  freeze_trainable_layers: 'freeze.num_trainable_layers',
  freeze_trainable_modules: (value) => (value === undefined || value === 'all' ? { moot: 'whole blocks are trained' } : { lacks: 'whole blocks are trained (`freeze.num_trainable_layers`)' }),
  // the data
  dataset_dir: 'dataset.path',
  dataset_path: 'dataset.path',
  train_file: 'dataset.path',
  eval_dataset: 'dataset.eval',
  eval_path: 'dataset.eval',
  validation: 'dataset.eval',
  validation_file: 'dataset.eval',
  val_set_size: 'dataset.val_size',
  block_size: 'max_length',
  cutoff_len: 'max_length',
  max_len: 'max_length',
  max_seq_length: 'max_length',
  model_max_length: 'max_length',
  sequence_len: 'max_length',
  sequence_length: 'max_length',
  neat_packing: (value) => (isOff(value) ? off : sets({ packing: true })), // a way to pack, beside the switch
  sample_packing: 'packing',
  train_on_prompt: lacks('`stage: sft` learns answers, `stage: pretrain` every token'),
  train_on_inputs: lacks('`stage: sft` learns answers, `stage: pretrain` every token'),
  mask_history: lacks('every answer of a dialogue is learned, but one whose message has `weight: 0`'),
  mix_strategy: (value) => (value === undefined || value === 'concat' ? { moot: 'sets are drawn together' } : { lacks: 'how often a set is seen is its `weight`' }),
  interleave_probs: lacks('how often a set is seen is its `weight`'),
  streaming: moot('rows are read from the disk as they are needed'),
  tool_format: lacks("tools are written as the tokenizer's chat template has them"),
  overwrite_cache: prepared,
  preprocessing_num_workers: prepared,
  preprocessing_batch_size: prepared,
  dataset_prepared_path: prepared,
  tokenized_path: prepared,
  // updates
  lr: 'train.learning_rate',
  steps: 'train.max_steps',
  epochs: 'train.num_train_epochs',
  num_epochs: 'train.num_train_epochs',
  batch_size: 'train.per_device_train_batch_size',
  micro_batch_size: 'train.per_device_train_batch_size',
  per_gpu_train_batch_size: 'train.per_device_train_batch_size',
  eval_batch_size: 'train.per_device_eval_batch_size',
  per_gpu_eval_batch_size: 'train.per_device_eval_batch_size',
  grad_accum: 'train.gradient_accumulation_steps',
  scheduler: 'train.lr_scheduler_type',
  lr_scheduler: 'train.lr_scheduler_type',
  warmup: 'train.warmup_steps',
  warmup_steps: (value) => sets({ [typeof value === 'number' && value > 0 && value < 1 ? 'train.warmup_ratio' : 'train.warmup_steps']: value }), // a share, since Transformers 5
  warmup_proportion: 'train.warmup_ratio',
  optimizer: 'train.optim',
  beta1: 'train.adam_beta1',
  beta2: 'train.adam_beta2',
  eps: 'train.adam_epsilon',
  epsilon: 'train.adam_epsilon',
  grad_clip: 'train.max_grad_norm',
  gradient_clipping: 'train.max_grad_norm',
  clip_grad_norm: 'train.max_grad_norm',
  data_seed: 'train.seed',
  disable_shuffling: (value) => (isOff(value) ? off : sets({ 'train.shuffle': false })),
  use_gradient_checkpointing: (value) => sets({ 'train.gradient_checkpointing': !isOff(value) }),
  disable_gradient_checkpointing: (value) => (isOff(value) ? off : sets({ 'train.gradient_checkpointing': false })),
  // evaluation and checkpoints
  evaluation_strategy: strategy('eval'),
  eval_strategy: strategy('eval'),
  save_strategy: strategy('save'),
  early_stopping_steps: 'train.early_stopping_patience',
  greater_is_better: moot('it follows from `train.metric_for_best_model`'),
  compute_accuracy: lacks('accuracy is told of `stage: classify` and `dataset.format: classification`'),
  generation_max_length: 'train.generation_max_new_tokens',
  val_max_target_length: 'train.generation_max_new_tokens',
  eval_num_beams: 'train.generation_num_beams',
  eval_on_each_dataset: always,
  run_name: 'name',
  do_train: moot('`workbench train` does it'),
  do_eval: moot('rows to evaluate on are what it takes: `dataset.val_size` or `dataset.eval`'),
  do_predict: moot('`workbench eval --generate` does it'),
  plot_loss: always,
  include_num_input_tokens_seen: always,
  logging_strategy: moot('a point is logged every `train.logging_steps` updates'),
  logging_dir: inHome,
  output_dir: inHome,
  overwrite_output_dir: inHome,
  save_only_model: inHome,
  save_safetensors: always,
  resume_from_checkpoint: inHome,
  push_to_hub: lacks('`workbench push` does it when the run has ended'),
  hub_model_id: lacks('`workbench push` does it when the run has ended'),
  use_swanlab: lacks('`report_to: tensorboard` is what there is'),
  // the machine
  use_cpu: onCpu,
  no_cuda: onCpu,
  deepspeed: oneDevice,
  fsdp: oneDevice,
  fsdp_config: oneDevice,
  local_rank: oneDevice,
  ddp_timeout: oneDevice,
  ddp_backend: oneDevice,
  ddp_find_unused_parameters: oneDevice,
  device_map: oneDevice,
  dataloader_num_workers: oneDevice,
  dataloader_pin_memory: oneDevice,
  low_cpu_mem_usage: oneDevice,
  flash_attn: ownEngine,
  flash_attention: ownEngine,
  attn_implementation: ownEngine,
  enable_liger_kernel: ownEngine,
  use_unsloth: ownEngine,
  torch_compile: ownEngine,
  trust_remote_code: ownEngine,
  use_fast_tokenizer: ownEngine,
  use_cache: ownEngine,
  remove_unused_columns: moot('only the columns of `dataset.format` are read'),
  // what there is nothing like
  pref_beta: answersOnly,
  pref_loss: answersOnly,
  pref_ftx: answersOnly,
  simpo_gamma: answersOnly,
  ref_model: answersOnly,
  reward_model: answersOnly,
  media_dir: textOnly,
  image_max_pixels: textOnly,
  video_max_pixels: textOnly,
  freeze_vision_tower: textOnly,
  use_galore: otherOptimizer,
  use_apollo: otherOptimizer,
  use_badam: otherOptimizer,
  use_adam_mini: otherOptimizer,
  use_muon: otherOptimizer,
  use_llama_pro: lacks('a model is trained as it is built'),
  pissa_init: lacks("an adapter begins as PEFT's does: A at random, B zero"),
};
