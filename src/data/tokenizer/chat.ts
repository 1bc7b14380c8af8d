/** A tokenizer's own chat template: Jinja, as Transformers' `apply_chat_template` renders it. */
import { Template } from '@huggingface/jinja';
import { UserError, messageOf } from '../../util/errors.js';

/** One message; fields beyond these (tool calls, names) are given to the template as they are. */
export interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  readonly [field: string]: unknown;
}

export interface ChatOptions {
  /** End with the opening of the assistant's answer. */
  readonly addGenerationPrompt?: boolean;
  /** What the assistant may call, as the template's own words have it (JSON schemas of functions); null for nothing. */
  readonly tools?: readonly unknown[] | null;
}

export type ChatRenderer = (messages: readonly ChatMessage[], options?: ChatOptions) => string;

/** Compiles a template; the renderer throws UserError with the template's own words when it refuses a chat. */
export function chatRenderer(source: string, tokens: { readonly bos: string | null; readonly eos: string | null }): ChatRenderer {
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    throw new UserError(`the tokenizer's chat template cannot be read (${messageOf(error)}); choose a named one with dataset.template`);
  }
  return (messages, options = {}) => {
    try {
      return template.render({
        messages,
        tools: options.tools ?? null,
        documents: null,
        bos_token: tokens.bos ?? '',
        eos_token: tokens.eos ?? '',
        add_generation_prompt: options.addGenerationPrompt ?? false,
      });
    } catch (error) {
      throw new UserError(`the chat template refuses this chat: ${messageOf(error)}`);
    }
  };
}
