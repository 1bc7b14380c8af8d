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

/** Where a turn stands in its dialogue. */
export interface Place {
  /** From 0. */
  readonly round: number;
  readonly rounds: number;
  /** Only with the first turn; null where the row has none. */
  readonly system: string | null;
}

export interface PromptTemplate {
  readonly about: string;
  /** Everything up to the answer; of several texts each is tokenised by itself. */
  prompt(turn: Pick<Turn, 'content' | 'input'>, place: Place): string | readonly string[];
  /** Text in front of an answer that is learned with it, tokenised by itself. */
  readonly opens?: string;
  /** Text that ends an answer and is learned, before the end token. */
  readonly close: string;
  /** Text between an answer's end and the next question. */
  readonly between: string;
  /** The end token comes after the last answer only, as where a model is shown earlier ones without. */
  readonly endsOnce?: true;
}

const joined = (...parts: readonly (string | null)[]) => parts.filter((part) => part !== null && part !== '').join('\n');

/** A system text in front of a dialogue whose model knows none, as FastChat has it. */
const before = (system: string | null) => (system === null ? '' : `${system}\n\n`);

export const promptTemplates: Readonly<Record<string, PromptTemplate>> = {
  /** https://github.com/tatsu-lab/stanford_alpaca, with the line end after "Response:" that alpaca-lora and LLaMA-Factory have. */
  alpaca: {
    about: "Stanford Alpaca's instruction, input and response",
    prompt({ content, input }, { round, system }) {
      const task = input === '' ? 'describes a task.' : 'describes a task, paired with an input that provides further context.';
      const preamble = system ?? `Below is an instruction that ${task} Write a response that appropriately completes the request.`;
      const about = input === '' ? '' : `### Input:\n${input}\n\n`;
      return `${round === 0 ? `${preamble}\n\n` : ''}### Instruction:\n${content}\n\n${about}### Response:\n`;
    },
    close: '',
    between: '\n\n',
  },
  /** https://github.com/openai/openai-python/blob/v0.28.1/chatml.md */
  chatml: {
    about: 'turns between <|im_start|> and <|im_end|>',
    prompt({ content, input }, { system }) {
      const opening = system !== null ? `<|im_start|>system\n${system}<|im_end|>\n` : '';
      return `${opening}<|im_start|>user\n${joined(content, input)}<|im_end|>\n<|im_start|>assistant\n`;
    },
    close: '<|im_end|>',
    between: '\n',
  },
  /** https://github.com/lm-sys/FastChat, vicuna_v1.1 */
  vicuna: {
    about: 'USER: and ASSISTANT:',
    prompt({ content, input }, { round, system }) {
      const preamble =
        system ?? "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";
      return `${round === 0 ? `${preamble} ` : ''}USER: ${joined(content, input)} ASSISTANT:`;
    },
    close: '',
    between: '',
  },
  /** ChatGLM-6B, chat() of its modeling_chatglm.py: a question alone is asked as it is. */
  chatglm: {
    about: '[Round 0], 问： and 答：, of which a single question has none',
    prompt({ content, input }, { round, rounds, system }) {
      const question = joined(content, input);
      return `${before(system)}${rounds === 1 ? question : `[Round ${round}]\n问：${question}\n答：`}`;
    },
    close: '',
    between: '\n',
    endsOnce: true,
  },
  /** ChatGLM2-6B, build_prompt() of its tokenization_chatglm.py. */
  chatglm2: {
    about: '[Round 1], 问： and 答：, with empty lines',
    prompt: ({ content, input }, { round, system }) => `${before(system)}[Round ${round + 1}]\n\n问：${joined(content, input)}\n\n答：`,
    close: '',
    between: '\n\n',
    endsOnce: true,
  },
  /** ChatGLM3-6B, build_chat_input() of its tokenization_chatglm.py, which tokenises role, line end and text each by itself; the line end after <|assistant|> is the model's. */
  chatglm3: {
    about: 'turns after <|user|> and <|assistant|>',
    prompt: ({ content, input }, { system }) => [...(system === null ? [] : ['<|system|>', '\n', system]), '<|user|>', '\n', joined(content, input), '<|assistant|>'],
    opens: '\n',
    close: '',
    between: '',
    endsOnce: true,
  },
  plain: {
    about: 'the question, a line end, the answer',
    prompt: ({ content, input }, { system }) => `${joined(system, content, input)}\n`,
    close: '',
    between: '\n',
  },
  verbatim: {
    about: 'the answer right after the question, nothing added',
    prompt: ({ content, input }, { system }) => joined(system, content, input),
    close: '',
    between: '',
  },
};

/** A dialogue by a named template. Its answers end with the end token, so that the model learns to stop. */
export function renderDialogue({ system, turns }: Dialogue, template: PromptTemplate, endToken: string | null): Example {
  const pieces: Piece[] = [{ mark: 'prefix', trained: false }];
  for (const [round, turn] of turns.entries()) {
    const prompt = [template.prompt(turn, { round, rounds: turns.length, system: round === 0 ? system : null })].flat();
    const { trained } = turn;
    const [first, ...rest] = prompt;
    pieces.push(read((round > 0 ? template.between : '') + first), ...rest.map(read));
    if (template.opens !== undefined) pieces.push({ text: template.opens, trained });
    pieces.push({ text: turn.answer + template.close, trained });
    const ends = round === turns.length - 1 || template.endsOnce !== true;
    if (ends && (template.close === '' || template.close !== endToken)) pieces.push({ mark: 'end', trained });
  }
  return { pieces, joined: false };
}

/** The whole text is learned, with what the tokenizer puts around any text. */
export function plainText(text: string): Example {
  return { pieces: [{ mark: 'prefix', trained: true }, learn(text), { mark: 'suffix', trained: true }], joined: false };
}
