/** What each format of a dataset reads from a row, and how it becomes text. */
import type { DatasetConfig } from '../../config/schema.js';
import { UserError } from '../../util/errors.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { type Example, learn, read, UnusableRow } from './example.js';
import { chatOf, dialogueOf, messagesOf, messageTags, renderChat } from './messages.js';
import { type Dialogue, plainText, type PromptTemplate, promptTemplates, renderDialogue, type Turn } from './prompts.js';

export type Format = DatasetConfig['format'];
export type RowValue = Readonly<Record<string, unknown>>;

/** The name of the tokenizer's own template in `dataset.template`. */
const ownTemplate = 'chat_template';

/** The columns a format reads. */
export const formatColumns: Readonly<Record<Format, { readonly required: readonly string[]; readonly optional: readonly string[] }>> = {
  alpaca: { required: ['instruction', 'output'], optional: ['input', 'system', 'history'] },
  sharegpt: { required: ['conversations'], optional: ['system', 'tools'] },
  chat: { required: ['messages'], optional: ['system', 'tools'] },
  'prompt-completion': { required: ['prompt', 'completion'], optional: ['system'] },
  text: { required: ['text'], optional: [] },
  classification: { required: ['text', 'label'], optional: [] },
};

/** The template of a format where none is named. */
const defaultTemplates: Readonly<Record<Format, string | null>> = {
  alpaca: 'alpaca',
  sharegpt: ownTemplate,
  chat: ownTemplate,
  'prompt-completion': 'verbatim',
  text: null,
  classification: null,
};

/** Turns a row into an example; throws UnusableRow with the reason. */
export type RowTemplate = (row: RowValue) => Example;

/** The columns of the file that a format reads, by the names they have there. */
export function columnsRead({ format, columns }: Pick<DatasetConfig, 'format' | 'columns'>): string[] {
  const { required, optional } = formatColumns[format];
  return [...required, ...optional].map((column) => columns[column] ?? column);
}

/** The rule for a dataset; throws UserError where columns or template are named that do not exist. */
export function rowTemplate(config: Pick<DatasetConfig, 'format' | 'columns' | 'tags' | 'template'>, tokenizer: Tokenizer): RowTemplate {
  const { format } = config;
  const columns = new Columns(config);
  const write = dialogueWriter(config, tokenizer);
  switch (format) {
    case 'alpaca':
      return (row) => write(alpacaDialogue(row, columns));
    case 'prompt-completion':
      return (row) => write({ system: columns.optional(row, 'system'), turns: [{ content: columns.text(row, 'prompt'), input: '', answer: columns.filled(row, 'completion'), trained: true }] });
    case 'sharegpt':
    case 'chat': {
      const tags = messageTags(config.tags);
      const column = format === 'chat' ? 'messages' : 'conversations';
      return (row) => {
        const messages = messagesOf(columns.value(row, column), columns.name(column), tags);
        const system = columns.optional(row, 'system');
        return write(system === null ? messages : [{ role: 'system', content: system }, ...messages], toolsOf(row, columns));
      };
    }
    case 'text':
      return (row) => plainText(columns.filled(row, 'text'));
    case 'classification':
      return (row) => ({
        pieces: [{ mark: 'prefix', trained: false }, read(columns.filled(row, 'text')), { mark: 'end', trained: false }, learn(columns.filled(row, 'label'))],
        joined: false,
      });
  }
}

/** A text between the tokenizer's marks, and the number of its class: by its name, or as the column has it. */
export function classTemplate(config: Pick<DatasetConfig, 'format' | 'columns'>, labels: readonly string[]): RowTemplate {
  const { format } = config;
  if (format !== 'classification') throw new UserError(`stage classify reads rows of format classification, not ${format}; set dataset.format: classification, with dataset.columns where they have other names`);
  const columns = new Columns(config);
  const numbers = new Map(labels.flatMap((name, i): [string, number][] => [[String(i), i], [name, i]]));
  return (row) => {
    const label = columns.filled(row, 'label');
    const id = numbers.get(label);
    if (id === undefined) throw new UnusableRow(`its label "${label}" is none of ${labels.join(', ')} (dataset.labels)`);
    return { pieces: [{ mark: 'prefix', trained: false }, read(columns.filled(row, 'text')), { mark: 'suffix', trained: false }, { id, trained: true }], joined: false };
  };
}

/** A source and its target, as they are unless a template is named. Throws UserError where a format has no such pairs. */
export function pairTemplate(config: Pick<DatasetConfig, 'format' | 'columns' | 'tags' | 'template'>, tokenizer: Tokenizer): RowTemplate {
  const { format, template } = config;
  if (format !== 'prompt-completion' && format !== 'alpaca') {
    throw new UserError(`stage seq2seq reads pairs of source and target, not rows of format ${format}; set dataset.format: prompt-completion, with dataset.columns: {prompt: …, completion: …} for what the file calls them`);
  }
  if (template === ownTemplate) throw new UserError(`dataset.template: stage seq2seq takes no ${ownTemplate}; leave it out, or choose ${namedTemplates()}`);
  return rowTemplate({ ...config, template: template ?? 'verbatim' }, tokenizer);
}

type DialogueWriter = (chat: Dialogue | ReturnType<typeof messagesOf>, tools?: readonly unknown[] | null) => Example;

function dialogueWriter({ format, template }: Pick<DatasetConfig, 'format' | 'template'>, tokenizer: Tokenizer): DialogueWriter {
  const name = template ?? defaultTemplates[format];
  if (name === ownTemplate) {
    if (!tokenizer.hasChatTemplate) {
      throw new UserError(`the tokenizer has no chat_template, so format ${format} needs a named one: set dataset.template to ${namedTemplates()}`);
    }
    return (chat, tools) => renderChat('turns' in chat ? chatOf(chat) : chat, tokenizer, tools);
  }
  const named: PromptTemplate | undefined = promptTemplates[name ?? 'verbatim'];
  if (!named) throw new UserError(`dataset.template: there is no template "${name}"; choose ${namedTemplates()}, or ${ownTemplate} for the tokenizer's own`);
  if (template !== null && defaultTemplates[format] === null) throw new UserError(`dataset.template: format ${format} takes its text as it is; leave the template out`);
  return (chat, tools) => {
    if (tools) throw new UnusableRow("it names tools, which only a tokenizer's own chat template could place");
    return renderDialogue('turns' in chat ? chat : dialogueOf(chat), named, tokenizer.endToken);
  };
}

function namedTemplates(): string {
  return Object.keys(promptTemplates).join(', ');
}

/** A list of tools, or its JSON as text (LLaMA-Factory); null where there are none. */
function toolsOf(row: RowValue, columns: Columns): readonly unknown[] | null {
  if (!columns.has(row, 'tools')) return null;
  const given = columns.value(row, 'tools');
  try {
    const tools: unknown = typeof given === 'string' ? JSON.parse(given || '[]') : given;
    if (Array.isArray(tools)) return tools.length > 0 ? tools : null;
  } catch {
    // said below
  }
  throw new UnusableRow(`"${columns.name('tools')}" is not a list of tools`);
}

/** Stanford's row, with the `system` and `history` that LLaMA-Factory added. */
function alpacaDialogue(row: RowValue, columns: Columns): Dialogue {
  const history = columns.has(row, 'history') ? columns.value(row, 'history') : [];
  if (!Array.isArray(history)) throw new UnusableRow(`"${columns.name('history')}" is not a list of [question, answer]`);
  const earlier = history.map((pair: unknown): Turn => {
    const [content, answer] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof content !== 'string' || typeof answer !== 'string') throw new UnusableRow(`"${columns.name('history')}" is not a list of [question, answer]`);
    return { content, input: '', answer, trained: true };
  });
  const content = columns.text(row, 'instruction');
  const input = columns.optional(row, 'input') ?? '';
  if (content === '' && input === '') throw new UnusableRow(`"${columns.name('instruction')}" is empty`);
  return { system: columns.optional(row, 'system'), turns: [...earlier, { content, input, answer: columns.filled(row, 'output'), trained: true }] };
}

/** Reads columns by the format's names, under the names that the file gives them. */
class Columns {
  readonly #renamed: Readonly<Record<string, string>>;

  constructor({ format, columns }: Pick<DatasetConfig, 'format' | 'columns'>) {
    const { required, optional } = formatColumns[format];
    const known = [...required, ...optional];
    const unknown = Object.keys(columns).find((column) => !known.includes(column));
    if (unknown !== undefined) throw new UserError(`dataset.columns.${unknown}: format ${format} reads ${known.join(', ')}; write {${known[0]}: name-in-the-file}`);
    this.#renamed = columns;
  }

  name(column: string): string {
    return this.#renamed[column] ?? column;
  }

  has(row: RowValue, column: string): boolean {
    return row[this.name(column)] !== undefined && row[this.name(column)] !== null;
  }

  value(row: RowValue, column: string): unknown {
    const name = this.name(column);
    if (!(name in row)) throw new UnusableRow(`no column "${name}"`, name);
    return row[name];
  }

  /** A text, or a number or truth value as one (labels, codes). */
  text(row: RowValue, column: string): string {
    const value = this.value(row, column);
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (value === null) return '';
    throw new UnusableRow(`"${this.name(column)}" is not a text`);
  }

  filled(row: RowValue, column: string): string {
    const text = this.text(row, column);
    if (text.trim() === '') throw new UnusableRow(`"${this.name(column)}" is empty`);
    return text;
  }

  /** Null where the column is missing or empty. */
  optional(row: RowValue, column: string): string | null {
    return this.has(row, column) ? this.text(row, column) || null : null;
  }
}
