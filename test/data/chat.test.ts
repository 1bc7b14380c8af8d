import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ChatMessage, chatRenderer } from '../../src/data/tokenizer/chat.js';
import { UserError } from '../../src/util/errors.js';
import { jsonLines, labelsOf, material, prepare, readGolden, scratch, tinyTokenizer, tokensOf, withoutMaterial } from './fixtures.js';

interface Golden {
  readonly templates: Readonly<Record<string, string>>;
  readonly chats: readonly (readonly ChatMessage[])[];
  readonly rendered: readonly { template: string; chat: number; prompt: boolean; text: string }[];
  readonly masks: readonly { chat: number; ids: number[]; mask: number[] }[];
  readonly real: readonly { config: string; chat: number; prompt: boolean; text: string }[];
}
const golden = readGolden('chats.json') as Golden;
const tokens = { bos: '<s>', eos: '</s>' };

describe("rendered texts equal those of Transformers' apply_chat_template", () => {
  test.each(golden.rendered)('template $template, chat $chat, prompt $prompt', ({ template, chat, prompt, text }) => {
    expect(chatRenderer(golden.templates[template], tokens)(golden.chats[chat], { addGenerationPrompt: prompt })).toBe(text);
  });

  test.skipIf(withoutMaterial).each(golden.real)('$config, chat $chat, prompt $prompt', ({ config, chat, prompt, text }) => {
    const { chat_template: template } = JSON.parse(readFileSync(path.join(material, 'tokenizers', config), 'utf8')) as { chat_template: string };
    expect(chatRenderer(template, tokens)(golden.chats[chat], { addGenerationPrompt: prompt })).toBe(text);
  });
});

describe('rows of format chat', () => {
  test("have the tokens and the assistant mask of Transformers' apply_chat_template", async () => {
    const folder = scratch({ 'train.jsonl': jsonLines(golden.masks.map(({ chat }) => ({ messages: golden.chats[chat] }))) });
    const { train } = await prepare({ dataset: { path: folder, format: 'chat' } }, await tinyTokenizer());
    expect(tokensOf(train)).toEqual(golden.masks.map(({ ids }) => ids));
    expect(labelsOf(train)).toEqual(golden.masks.map(({ ids, mask }) => ids.map((id, t) => (mask[t] ? id : -100))));
  });

  test('leave out answers of weight 0', async () => {
    const [question, answer] = golden.chats[0];
    const chat = [question, { ...answer, weight: 0 }, question, answer];
    const folder = scratch({ 'train.jsonl': jsonLines([{ messages: chat }]) });
    const tokenizer = await tinyTokenizer();
    const { train } = await prepare({ dataset: { path: folder, format: 'chat' } }, tokenizer);
    const learned = train.labels(0).filter((label) => label !== -100);
    expect(tokenizer.decode(learned, { special: true })).toBe(`${String(answer.content)}<|im_end|>\n`);
  });
});

test('a template that refuses a chat says why', () => {
  const render = chatRenderer(golden.templates['inst'], tokens);
  expect(() => render([{ role: 'assistant', content: 'first' }])).toThrow(UserError);
  expect(() => render([{ role: 'assistant', content: 'first' }])).toThrow(/must alternate/);
});
