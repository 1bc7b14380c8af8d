import { describe, expect, it } from 'vitest';
import { parseAssignment } from '../../src/config/assignment.js';
import { foreignKeys } from '../../src/config/foreign/keys.js';
import { foreignValues } from '../../src/config/foreign/values.js';
import { inOurWords, inPlaceOf } from '../../src/config/foreign/index.js';
import { knobOf, knobs } from '../../src/config/limits.js';
import { parseExperiment } from '../../src/config/parse.js';
import { UserError } from '../../src/util/errors.js';

const least = { model: 'm', dataset: { path: 'd.jsonl' } };
function refusal(extra: object): string {
  try {
    parseExperiment({ ...least, ...extra });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('it was accepted');
}

describe('words of Transformers, PEFT and LLaMA-Factory are told in ours', () => {
  it.each([
    [{ bf16: true }, 'there is no key `bf16`: did you mean `precision: bf16`?'],
    [{ train: { fp16: true } }, 'there is no key `train.fp16`: did you mean `precision: f16`?'],
    [{ torch_dtype: 'bfloat16' }, 'did you mean `precision: bf16`?'],
    [{ quantization_bit: 8 }, 'did you mean `quantization: int8`?'],
    [{ load_in_4bit: true }, 'did you mean `quantization: int4`?'],
    [{ quantization_bit: 3 }, 'there is nothing like it here: a base is held in 8 or 4 bits'],
    [{ lora_rank: 16 }, 'did you mean `lora.r`?'],
    [{ lora_target: 'all' }, 'did you mean `lora.target_modules: all-linear`?'],
    [{ lora_target: 'q_proj,v_proj' }, 'did you mean `lora.target_modules: [q_proj,v_proj]`?'],
    [{ cutoff_len: 1024 }, 'did you mean `max_length`?'],
    [{ per_device_train_batch_size: 2 }, 'did you mean `train.per_device_train_batch_size`?'],
    [{ evaluation_strategy: 'epoch' }, 'did you mean `train.eval_strategy`?'],
    [{ train: { evaluation_strategy: 'no' } }, 'did you mean `train.eval_steps: 0`?'],
    [{ disable_shuffling: true }, 'did you mean `train.shuffle: false`?'],
    [{ adapter: 'qlora' }, 'did you mean `finetuning: lora` and `quantization: int4`?'],
    [{ deepspeed: 'z3.json' }, 'there is no key `deepspeed`: one device computes, in one process; leave it out'],
    [{ pissa_init: false }, 'what it asks for is off; leave it out'],
    [{ pref_beta: 0.1 }, 'there is nothing like it here: answers are learned, not preferences'],
  ])('%j', (extra, sentence) => {
    expect(refusal(extra)).toContain(sentence);
  });

  it.each([
    [{ stage: 'pt' }, '; did you mean `stage: pretrain`?'],
    [{ stage: 'dpo' }, '; there is nothing like it here: it learns preferences'],
    [{ precision: 'bfloat16' }, '; did you mean `precision: bf16`?'],
    [{ quantization: 4 }, '; did you mean `quantization: int4`?'],
    [{ lora: { target_modules: 'all' } }, '; did you mean `lora.target_modules: all-linear`?'],
    [{ train: { optim: 'adamw_torch' } }, '; did you mean `train.optim: adamw`?'],
    [{ train: { metric_for_best_model: 'eval_rougeL' } }, '; did you mean `train.metric_for_best_model: rougeL`?'],
    [{ train: { eval_strategy: 'no' } }, '; did you mean `train.eval_steps: 0`?'],
    [{ train: { lr_scheduler_type: 'cosine_warmup_with_min_lr' } }, '; did you mean `train.lr_scheduler_type: cosine_with_min_lr`?'],
  ])('%j', (extra, sentence) => {
    expect(refusal(extra)).toContain(sentence);
  });

  it('as --set too', () => {
    expect(() => parseAssignment('load_in_4bit=true')).toThrow('--set load_in_4bit=true: there is no key `load_in_4bit`: did you mean `quantization: int4`?');
    expect(() => parseAssignment('quantization_bit=8')).toThrow('did you mean `quantization: int8`?');
    expect(() => parseAssignment('bf16=[')).toThrow('did you mean `precision: bf16`?');
  });
});

describe('the table', () => {
  it('names keys and values that there are', () => {
    for (const name of Object.keys(foreignKeys)) {
      const amounts = inOurWords(name);
      if (amounts !== null && 'sets' in amounts) for (const key of Object.keys(amounts.sets)) expect(knobOf(key), `${name}: ${key}`).not.toBeNull();
    }
    for (const [key, values] of Object.entries(foreignValues)) {
      expect(knobOf(key), key).not.toBeNull();
      for (const ours of Object.values(values)) if (typeof ours === 'string') expect(knobOf(key)?.choices, `${key}: ${ours}`).toContain(ours);
      for (const word of Object.keys(values)) expect(inPlaceOf(key, word), `${key}: ${word}`).not.toBeNull();
    }
  });

  it('has no row for a name that is ours', () => {
    const own = new Set(knobs.filter(({ group }) => group === '').map(({ key }) => key));
    for (const name of Object.keys(foreignKeys)) expect(own.has(name), name).toBe(false);
  });
});
