/** Dialogues as ChatGLM's own code writes them: chat() of ChatGLM-6B, build_prompt() of ChatGLM2, build_chat_input() of ChatGLM3. */
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { loadTokenizer } from '../../src/data/tokenizer/index.js';
import { promptTemplates, renderDialogue, type Dialogue } from '../../src/data/template/prompts.js';
import { asPromptAndAnswer } from '../../src/data/template/shapes.js';
import type { Example } from '../../src/data/template/example.js';
import { jsonLines, material, prepare, scratch, withoutMaterial } from './fixtures.js';

const turn = (content: string, answer: string) => ({ content, input: '', answer, trained: true });
const dialogue: Dialogue = { system: null, turns: [turn('你好', '你好！'), turn('北京在哪里？', '在中国。'), turn('谢谢', '不客气')] };

/** Texts as they are tokenised, learned ones in ⟦⟧, ● for the end token. */
const written = ({ pieces }: Example) => pieces.flatMap((piece) => ('text' in piece ? [piece.trained ? `⟦${piece.text}⟧` : piece.text] : 'mark' in piece && piece.mark === 'end' ? ['●'] : []));
const by = (name: string, asked = dialogue) => written(renderDialogue(asked, promptTemplates[name], '</s>'));

describe('rounds', () => {
  it('are counted from 0 for ChatGLM-6B, whose single question is bare', () => {
    expect(by('chatglm')).toEqual(['[Round 0]\n问：你好\n答：', '⟦你好！⟧', '\n[Round 1]\n问：北京在哪里？\n答：', '⟦在中国。⟧', '\n[Round 2]\n问：谢谢\n答：', '⟦不客气⟧', '●']);
    expect(by('chatglm', { system: null, turns: [turn('你好', '你好！')] })).toEqual(['你好', '⟦你好！⟧', '●']);
  });

  it('are read whole by ChatGLM-6B, and the last answer learned', () => {
    expect(written(asPromptAndAnswer(renderDialogue(dialogue, promptTemplates['chatglm'], '<eop>')))).toEqual(['[Round 0]\n问：你好\n答：你好！\n[Round 1]\n问：北京在哪里？\n答：在中国。\n[Round 2]\n问：谢谢\n答：', '⟦不客气⟧', '●']);
  });

  it('are counted from 1, with empty lines, for ChatGLM2', () => {
    expect(by('chatglm2')).toEqual(['[Round 1]\n\n问：你好\n\n答：', '⟦你好！⟧', '\n\n[Round 2]\n\n问：北京在哪里？\n\n答：', '⟦在中国。⟧', '\n\n[Round 3]\n\n问：谢谢\n\n答：', '⟦不客气⟧', '●']);
    expect(by('chatglm2', { system: 'S', turns: [turn('a', 'b')] })[0]).toBe('S\n\n[Round 1]\n\n问：a\n\n答：');
  });

  it('are roles for ChatGLM3, each text a piece of its own', () => {
    const asked = { system: '你是助手。', turns: dialogue.turns.slice(0, 2) };
    expect(by('chatglm3', asked)).toEqual(['<|system|>', '\n', '你是助手。', '<|user|>', '\n', '你好', '<|assistant|>', '⟦\n⟧', '⟦你好！⟧', '<|user|>', '\n', '北京在哪里？', '<|assistant|>', '⟦\n⟧', '⟦在中国。⟧', '●']);
  });
});

test.skipIf(withoutMaterial)("a chat of ChatGLM-6B has the tokens of its prompt as one text, [gMASK] <sop>, the answer and <eop>", async () => {
  const tokenizer = await loadTokenizer(path.join(material, 'tokenizers', 'chatglm-6b'));
  const messages = [{ role: 'user', content: '你好' }, { role: 'assistant', content: '你好！' }, { role: 'user', content: '谢谢' }, { role: 'assistant', content: '不客气' }];
  const { train } = await prepare({ dataset: { path: scratch({ 'rows.jsonl': jsonLines([{ messages }]) }), format: 'chat', template: 'chatglm' } }, tokenizer);
  const prompt = await tokenizer.encode('[Round 0]\n问：你好\n答：你好！\n[Round 1]\n问：谢谢\n答：');
  const answer = await tokenizer.encode('不客气', { special: false });
  expect([...train.tokens(0)]).toEqual([...prompt, ...answer, tokenizer.eosId]);
  expect(train.labelCount(0)).toBe(answer.length + 1);
});
