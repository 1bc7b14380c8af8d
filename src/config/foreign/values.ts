/** What other programs call the values of our keys. */
import { precisions, type Amounts } from './keys.js';

const preferences: Amounts = { lacks: 'it learns preferences, and answers are what is learned here' };
const never = (key: string): Amounts => ({ sets: { [key]: 0 } });

const scoresOfLlamaFactory = { 'eval_rouge-1': 'rouge1', 'eval_rouge-2': 'rouge2', 'eval_rouge-l': 'rougeL', 'eval_bleu-4': 'bleu' };

/** By our key: our value for theirs in small letters, or what comes in its place. */
export const foreignValues: Readonly<Record<string, Readonly<Record<string, string | Amounts>>>> = {
  stage: { pt: 'pretrain', pretraining: 'pretrain', finetune: 'sft', classification: 'classify', dpo: preferences, kto: preferences, ppo: preferences, rm: preferences },
  finetuning: { qlora: { sets: { finetuning: 'lora', quantization: 'int4' } }, oft: { lacks: 'what is trained is an adapter as LoRA has them, some layers, or everything' } },
  precision: precisions,
  quantization: { nf4: 'int4', fp4: 'int4', '4bit': 'int4', '8bit': 'int8', '4': 'int4', '8': 'int8' },
  'dataset.format': { openai: 'chat', messages: 'chat', completion: 'text', pretrain: 'text' },
  'lora.target_modules': { all: 'all-linear' },
  'train.optim': {
    adam: 'adamw', adamw_torch: 'adamw', adamw_torch_fused: 'adamw', adamw_hf: 'adamw', adamw_apex_fused: 'adamw', paged_adamw: 'adamw', paged_adamw_32bit: 'adamw',
    adamw_bnb_8bit: 'adamw_8bit', paged_adamw_8bit: 'adamw_8bit', adamw_torch_8bit: 'adamw_8bit',
  },
  'train.lr_scheduler_type': { cosine_warmup_with_min_lr: 'cosine_with_min_lr', warmup_constant: 'constant_with_warmup' },
  'train.metric_for_best_model': { loss: 'eval_loss', eval_accuracy: 'accuracy', eval_rouge1: 'rouge1', eval_rouge2: 'rouge2', eval_rougel: 'rougeL', eval_bleu: 'bleu', ...scoresOfLlamaFactory },
  'train.eval_strategy': { no: never('train.eval_steps'), false: never('train.eval_steps') },
  'train.save_strategy': { no: never('train.save_steps'), false: never('train.save_steps') },
  'engine.device': { gpu: 'cuda', 'cuda:0': 'cuda' },
};
