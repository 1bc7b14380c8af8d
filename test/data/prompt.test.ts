import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { previewPrompt } from '../../src/data/look/prompt.js';
import { loadTokenizer } from '../../src/data/tokenizer/index.js';
import { material, withoutMaterial } from './fixtures.js';
import { heldRows } from './held-rows.js';

/** Marks on both sides, behind, and in front; what ends an answer. */
const tokenizers = [['bart-large-cnn', '</s>'], ['chatglm-6b', '<eop>'], ['llama2-spm', '</s>']];

describe.skipIf(withoutMaterial)('the prompt of a row (needs ../shared/material)', () => {
  it.each(tokenizers)('of %s is without what the tokenizer puts around it again, so that it is read as the row was', async (name, end) => {
    const tokenizer = await loadTokenizer(join(material, 'tokenizers', name));
    const asked = [...(await tokenizer.encode('The train to Oslo is late.'))];
    const answer = [...(await tokenizer.encode('It rains.', { special: false })), ...(await tokenizer.encode(end, { special: false }))];
    const found = previewPrompt(heldRows([{ ids: [...asked, ...answer], learned: asked.length }]), 0, tokenizer);
    expect(found.special).toBe(true);
    expect([...(await tokenizer.encode(found.prompt, { special: found.special }))]).toEqual(asked);
    expect(found.answer.trim()).toBe('It rains.');
    expect(found.answerTokens).toBe(answer.length);
  });
});
