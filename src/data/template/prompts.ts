/** Named prompt templates: how question and answer look as text. */
import { type Example, learn, type Piece, read } from './example.js';

export interface Turn {
  readonly content: string;
  /** What the instruction is about, kept apart because Alpaca's template does. */
  readonly input: string;
  readonly answer: string;
  readonly trained: boolean;
}

export interface Dialogue {
  readonly system: string | null;
  readonly turns: readonly Turn[];
}

export interface PromptTemplate {
  readonly about: string;
  /** Everything up to the answer; `system` only with the first turn, null where the row has none. */
  prompt(turn: Pick<Turn, 'content' | 'input'>, opening: { readonly first: boolean; readonly system: string | null }): string;
  /** Text that ends an answer and is learned, before the end token. */
  readonly close: string;
  /** Text between an answer's end and the next question. */
  readonly between: string;
}

const joined = (...parts: readonly (string | null)[]) => parts.filter((part) => part !== null && part !== '').join('\n');

export const promptTemplates: Readonly<Record<string, PromptTemplate>> = {
  /** https://github.com/tatsu-lab/stanford_alpaca, with the line end after "Response:" that alpaca-lora and LLaMA-Factory have. */
  alpaca: {
    about: "Stanford Alpaca's instruction, input and response",
    prompt({ content, input }, { first, system }) {
      const task = input === '' ? 'describes a task.' : 'describes a task, paired with an input that provides further context.';
      const preamble = system ?? `Below is an instruction that ${task} Write a response that appropriately completes the request.`;
      const about = input === '' ? '' : `### Input:\n${input}\n\n`;
      return `${first ? `${preamble}\n\n` : ''}### Instruction:\n${content}\n\n${about}### Response:\n`;
    },
    close: '',
    between: '\n\n',
  },
  /** https://github.com/openai/openai-python/blob/v0.28.1/chatml.md */
  chatml: {
    about: 'turns between <|im_start|> and <|im_end|>',
    prompt({ content, input }, { first, system }) {
      const opening = first && system !== null ? `<|im_start|>system\n${system}<|im_end|>\n` : '';
      return `${opening}<|im_start|>user\n${joined(content, input)}<|im_end|>\n<|im_start|>assistant\n`;
    },
    close: '<|im_end|>',
    between: '\n',
  },
  /** https://github.com/lm-sys/FastChat, vicuna_v1.1 */
  vicuna: {
    about: 'USER: and ASSISTANT:',
    prompt({ content, input }, { first, system }) {
      const preamble =
        system ?? "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";
      return `${first ? `${preamble} ` : ''}USER: ${joined(content, input)} ASSISTANT:`;
    },
    close: '',
    between: '',
  },
  plain: {
    about: 'the question, a line end, the answer',
    prompt: ({ content, input }, { first, system }) => `${joined(first ? system : null, content, input)}\n`,
    close: '',
    between: '\n',
  },
  verbatim: {
    about: 'the answer right after the question, nothing added',
    prompt: ({ content, input }, { first, system }) => joined(first ? system : null, content, input),
    close: '',
    between: '',
  },
};

/** A dialogue by a named template. Every answer ends with the end token, so that the model learns to stop. */
export function renderDialogue(dialogue: Dialogue, template: PromptTemplate, endToken: string | null): Example {
  const pieces: Piece[] = [{ mark: 'prefix', trained: false }];
  for (const [i, turn] of dialogue.turns.entries()) {
    const prompt = template.prompt(turn, { first: i === 0, system: dialogue.system });
    const { trained } = turn;
    pieces.push(read((i > 0 ? template.between : '') + prompt), { text: turn.answer + template.close, trained });
    if (template.close === '' || template.close !== endToken) pieces.push({ mark: 'end', trained });
  }
  return { pieces, joined: false };
}

/** The whole text is learned, with what the tokenizer puts around any text. */
export function plainText(text: string): Example {
  return { pieces: [{ mark: 'prefix', trained: true }, learn(text), { mark: 'suffix', trained: true }], joined: false };
}
