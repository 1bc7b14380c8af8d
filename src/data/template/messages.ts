/** Chats: lists of messages, by the tokenizer's own template or a named one. */
import { UserError, messageOf } from '../../util/errors.js';
import type { ChatMessage, Tokenizer } from '../tokenizer/index.js';
import { type Example, learn, type Piece, read, UnusableRow } from './example.js';
import type { Dialogue, Turn } from './prompts.js';

/** Names of the two sides in ShareGPT and its kin; other roles keep their name. A call of a tool is the assistant's word. */
const roleNames: Readonly<Record<string, string>> = {
  human: 'user', gpt: 'assistant', chatgpt: 'assistant', bing: 'assistant', bard: 'assistant', model: 'assistant', function_call: 'assistant', observation: 'tool',
};

/** What LLaMA-Factory's tags for the values of a role say. */
const roleTags: Readonly<Record<string, string>> = { user_tag: 'user', assistant_tag: 'assistant', observation_tag: 'tool', function_tag: 'assistant', system_tag: 'system' };

/** The words of a file for roles and for the fields of a message, as `dataset.tags` gives them. */
export interface MessageTags {
  readonly roleField: string | null;
  readonly contentField: string | null;
  readonly roles: Readonly<Record<string, string>>;
}

/** Throws UserError for a tag that there is not. */
export function messageTags(tags: Readonly<Record<string, string>>): MessageTags {
  const known = ['role_tag', 'content_tag', ...Object.keys(roleTags)];
  const unknown = Object.keys(tags).find((tag) => !known.includes(tag));
  if (unknown !== undefined) throw new UserError(`dataset.tags.${unknown}: there is no such tag; those there are: ${known.join(', ')}`);
  const named = Object.entries(roleTags).flatMap(([tag, role]) => (tag in tags ? [[tags[tag], role]] : []));
  return { roleField: tags['role_tag'] ?? null, contentField: tags['content_tag'] ?? null, roles: { ...roleNames, ...(Object.fromEntries(named) as Record<string, string>) } };
}

/**
 * A column of messages, ShareGPT's `{from, value}` or OpenAI's `{role, content}` or as tagged, in OpenAI's
 * words. An answer with `weight: 0` (or LLaMA-Factory's `loss_weight`) is read but not learned.
 */
export function messagesOf(value: unknown, column: string, { roleField, contentField, roles }: MessageTags): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0) throw new UnusableRow(`"${column}" is not a list of messages`);
  const messages = value.map((item: unknown, i): ChatMessage => {
    if (typeof item !== 'object' || item === null) throw new UnusableRow(`message ${i + 1} of "${column}" is not an object`);
    const { from, value: text, loss_weight: weight, ...rest } = item as Record<string, unknown>;
    const role = roleField === null ? (rest['role'] ?? from) : (item as Record<string, unknown>)[roleField];
    const content = contentField === null ? (rest['content'] ?? text) : (item as Record<string, unknown>)[contentField];
    if (typeof role !== 'string') throw new UnusableRow(`message ${i + 1} of "${column}" has no role`);
    return { ...(weight === undefined ? {} : { weight }), ...rest, role: roles[role] ?? role, content: contentOf(content) };
  });
  if (!messages.some((message) => isLearned(message))) throw new UnusableRow(`"${column}" has no answer to learn`);
  return messages;
}

/** A chat as the tokenizer's own template writes it; trained is what the template adds for each answer. */
export function renderChat(messages: readonly ChatMessage[], tokenizer: Tokenizer, tools: readonly unknown[] | null = null): Example {
  const render = (count: number, addGenerationPrompt: boolean): string => {
    try {
      return tokenizer.chat(messages.slice(0, count), { addGenerationPrompt, tools });
    } catch (error) {
      throw new UnusableRow(messageOf(error));
    }
  };
  const whole = render(messages.length, false);
  const pieces: Piece[] = [];
  let at = 0;
  for (const [i, message] of messages.entries()) {
    if (!isLearned(message)) continue;
    const start = commonPrefix(whole, render(i, true));
    const end = i === messages.length - 1 ? whole.length : commonPrefix(whole, render(i + 1, false));
    if (start < at || end <= start) throw new UnusableRow('the chat template rewrites earlier turns when later ones follow, so that they cannot be told apart');
    pieces.push(read(whole.slice(at, start)), learn(whole.slice(start, end)));
    at = end;
  }
  pieces.push(read(whole.slice(at)));
  return { pieces: pieces.filter((piece) => !('text' in piece) || piece.text !== ''), joined: true };
}

/** A chat as question and answer in turn, which is all that named templates know. */
export function dialogueOf(messages: readonly ChatMessage[]): Dialogue {
  const [first, ...rest] = messages;
  const system = first.role === 'system' ? textOf(first) : null;
  const spoken = system === null ? messages : rest;
  const turns: Turn[] = [];
  for (let i = 0; i < spoken.length; i += 2) {
    const [question, answer] = [spoken[i], spoken[i + 1]];
    if (question.role !== 'user') throw new UnusableRow(`a ${question.role} message where the user's should be, which only a tokenizer's own chat template could place`);
    if (answer?.role !== 'assistant') throw new UnusableRow("a user's message without an answer after it");
    turns.push({ content: textOf(question), input: '', answer: textOf(answer), trained: isLearned(answer) });
  }
  return { system, turns };
}

/** The reverse, for rows of question and answer that are to go through the tokenizer's own template. */
export function chatOf({ system, turns }: Dialogue): ChatMessage[] {
  const messages = turns.flatMap(({ content, input, answer, trained }): ChatMessage[] => [
    { role: 'user', content: input === '' ? content : `${content}\n${input}` },
    { role: 'assistant', content: answer, ...(trained ? {} : { weight: 0 }) },
  ]);
  return system === null ? messages : [{ role: 'system', content: system }, ...messages];
}

function isLearned(message: ChatMessage): boolean {
  return message.role === 'assistant' && message['weight'] !== 0;
}

/** Content is a text, a list of text parts, or (a tool call) nothing. */
function contentOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value ?? '';
  return value.map((part: unknown) => {
    const { text, value: content = text } = Object(part) as { text?: unknown; value?: unknown };
    if (typeof content !== 'string') throw new UnusableRow('a message has parts that are not text');
    return content;
  }).join('');
}

function textOf(message: ChatMessage): string {
  if (typeof message.content !== 'string') throw new UnusableRow(`the content of a ${message.role} message is not a text`);
  return message.content;
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
