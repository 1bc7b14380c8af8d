/**
 * A small base that has read some English and some Chinese, for experiments/alpaca-en-zh.yaml where no larger one is at hand:
 * an encyclopedia, pages of the web, questions about paragraphs in both languages, conversations with tools in both.
 *
 *   sets="--set dataset.path=<LLaMA-Factory>/data --set dataset.mix.3.path=<xquad>/xquad.en.json --set dataset.mix.4.path=<xquad>/xquad.zh.json"
 *   workbench tokenizer train experiments/small-base-en-zh.ts $sets --vocab-size 6000 --special '<|endoftext|>' '<|im_start|>' '<|im_end|>' --out models/en-zh-tokenizer
 *   workbench train experiments/small-base-en-zh.ts $sets --set tokenizer=models/en-zh-tokenizer
 */
import { defineExperiment, type Row } from 'workbench';

interface Article {
  readonly paragraphs: readonly { readonly context: string; readonly qas: readonly { readonly question: string; readonly answers: readonly { readonly text: string }[] }[] }[];
}
interface Turn {
  readonly from: string;
  readonly value: string;
}

const chat = (role: string, text: string): string => `<|im_start|>${role}\n${text}<|im_end|>\n`;

/** Conversations stand in it as in ChatML, so that the model has seen its tokens. */
function textOf(row: Row): string {
  if (row.paragraphs) {
    return (row as unknown as Article).paragraphs.map(({ context, qas }) => [context, ...qas.map(({ question, answers }) => chat('user', question) + chat('assistant', answers[0].text))].join('\n')).join('\n');
  }
  if (row.conversations) {
    return (row.conversations as unknown as readonly Turn[]).map(({ from, value }) => chat(from === 'human' ? 'user' : from === 'gpt' ? 'assistant' : from, value)).join('');
  }
  return String(row.text);
}

export default defineExperiment({
  name: 'small-base-en-zh',
  model: 'small-qwen2', // its config.json: 1.5 million parameters
  init: 'random',
  tokenizer: 'en-zh-tokenizer',
  stage: 'pretrain',
  finetuning: 'full',
  dataset: {
    path: 'llama-factory',
    name: 'wiki_demo',
    mix: [
      { name: 'c4_demo' },
      { name: 'glaive_toolcall_en_demo' },
      { name: 'glaive_toolcall_zh_demo', weight: 2 },
      { path: 'xquad/xquad.en.json' },
      { path: 'xquad/xquad.zh.json', weight: 2 },
    ],
    val_size: 0.02,
  },
  prompt: textOf,
  max_length: 256,
  train: {
    per_device_train_batch_size: 8,
    learning_rate: 3e-3,
    warmup_ratio: 0.03,
    weight_decay: 0.1,
    adam_beta2: 0.99,
    num_train_epochs: 3,
    logging_steps: 50,
    eval_steps: 400,
    save_steps: 400,
  },
  sample: { prompts: ['The capital of France', '中国的首都是'], max_new_tokens: 40, temperature: 0.7 },
});
