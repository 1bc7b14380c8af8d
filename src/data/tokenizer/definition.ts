/** The parts of a `tokenizer.json` that older files are turned into. https://huggingface.co/docs/tokenizers */

/** What a special token is for. */
export const roles = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;
export type Role = (typeof roles)[number];

/** A token that is found in a text before anything else is done to it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  /** It is no text, and left out when a text is decoded. */
  readonly special: boolean;
}

/** One part of a definition: its `type` and whatever that one needs. */
export interface Part {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Definition {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly post_processor: Part | null;
  readonly decoder: Part;
  readonly model: Part;
}

/** A special token as it is by default. */
export function specialToken(content: string, id: number): AddedToken {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/** The text of a `tokenizer.json`. */
export function written(definition: Definition): string {
  return JSON.stringify({ version: '1.0', truncation: null, padding: null, ...definition });
}

/** Puts tokens before and after a text; null for none. */
export function around(before: readonly AddedToken[], after: readonly AddedToken[]): Part | null {
  const all = [...before, ...after];
  if (all.length === 0) return null;
  const mark = ({ content }: AddedToken) => ({ SpecialToken: { id: content, type_id: 0 } });
  const single = [...before.map(mark), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(mark)];
  const pair = [...single, ...before.map(mark), { Sequence: { id: 'B', type_id: 1 } }, ...after.map(mark)];
  return { type: 'TemplateProcessing', single, pair, special_tokens: Object.fromEntries(all.map(({ content, id }) => [content, { id: content, ids: [id], tokens: [content] }])) };
}

export function sequence(field: 'normalizers' | 'pretokenizers' | 'decoders', parts: readonly Part[]): Part {
  return { type: 'Sequence', [field]: parts };
}

export function replaceText(text: string, content: string): Part {
  return { type: 'Replace', pattern: { String: text }, content };
}

export function replacePattern(pattern: string, content: string): Part {
  return { type: 'Replace', pattern: { Regex: pattern }, content };
}
