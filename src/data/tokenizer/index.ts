/** Text to token ids and back, by Hugging Face's own Rust library: the same ids as in Python. */
import { availableParallelism } from 'node:os';
import type { Encoding, Tokenizer as RustTokenizer } from 'tokenizers';
import { UserError, messageOf } from '../../util/errors.js';
import { chatRenderer, type ChatMessage, type ChatOptions, type ChatRenderer } from './chat.js';
import { readTokenizerFiles, type TokenizerFiles } from './files.js';

export type { ChatMessage, ChatOptions } from './chat.js';

export interface EncodeOptions {
  /** Add what the tokenizer puts around a text (Llama: `<s>` in front; GPT-2: nothing). Default true, as in Transformers. */
  readonly special?: boolean;
}

/** Token ids with the stretch of text each came from, in UTF-16 units; `[0, 0]` for what the text does not hold. */
export interface Located {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** End and mask tokens of tokenizers whose files name none. */
const wellKnownEnds = ['<|endoftext|>', '</s>'] as const;
const wellKnownMasks = ['[MASK]', '<mask>'] as const;

/** Texts given to the library at once, in UTF-16 units: enough for its threads, little enough for memory. */
export const batchUnits = (1 << 16) * Math.max(2, availableParallelism());

/** Loads the tokenizer of a model's folder; throws UserError where there is none. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const files = readTokenizerFiles(folder);
  const library = await import('tokenizers'); // native: only when a text must really be encoded
  let rust: RustTokenizer;
  try {
    rust = library.Tokenizer.fromString(files.definition);
  } catch (error) {
    throw new UserError(`the tokenizer in ${folder} cannot be read: ${messageOf(error)}`);
  }
  rust.disableTruncation();
  rust.disablePadding();
  const { bos } = files.special;
  const bosId = bos === null ? null : rust.tokenToId(bos);
  // Transformers takes the file's post-processor as the last word and looks at add_bos_token only where there is none.
  if (rust.getPostProcessor() === null && files.addBos && bos !== null && bosId !== null) {
    rust.setPostProcessor(library.templateProcessing(`${bos}:0 $A:0`, null, [[bos, bosId]]));
  }
  const plain = (await rust.encode('a', null, { addSpecialTokens: false })).getIds();
  const around = (await rust.encode('a', null, { addSpecialTokens: true })).getIds();
  const lead = Math.max(0, around.findIndex((_, i) => plain.every((id, j) => around[i + j] === id)));
  return new Tokenizer(rust, files, { prefix: around.slice(0, lead), suffix: around.slice(lead + plain.length) });
}

export class Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly padId: number | null;
  /** What an encoder reads in place of a word to be guessed. */
  readonly maskId: number | null;
  /** The text of `eosId`. */
  readonly endToken: string | null;
  /** What goes before and after a text with `special`. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** Changes with anything that changes ids or chats; part of the key of cached data. */
  readonly fingerprint: string;
  readonly hasChatTemplate: boolean;
  readonly #rust: RustTokenizer;
  readonly #files: TokenizerFiles;
  readonly #special: ReadonlySet<number>;
  #renderer: ChatRenderer | null = null;

  constructor(rust: RustTokenizer, files: TokenizerFiles, around: { readonly prefix: readonly number[]; readonly suffix: readonly number[] }) {
    this.#rust = rust;
    this.#files = files;
    const idOf = (token: string | null) => (token === null ? null : rust.tokenToId(token));
    const firstOf = (tokens: readonly string[]) => idOf(tokens.find((token) => idOf(token) !== null) ?? null);
    this.vocabSize = rust.getVocabSize(true);
    this.bosId = idOf(files.special.bos) ?? files.configIds.bos;
    this.eosId = idOf(files.special.eos) ?? files.configIds.eos ?? firstOf(wellKnownEnds);
    this.padId = idOf(files.special.pad) ?? files.configIds.pad;
    this.maskId = idOf(files.special.mask) ?? firstOf(wellKnownMasks);
    this.endToken = this.eosId === null ? null : rust.idToToken(this.eosId);
    this.prefix = around.prefix;
    this.suffix = around.suffix;
    this.fingerprint = files.fingerprint;
    this.hasChatTemplate = files.chatTemplate !== null;
    this.#special = specialIds(files.definition);
  }

  /** What it puts after a text is where an answer to it starts: ChatGLM's `[gMASK] <sop>`. */
  get startsAnswers(): boolean {
    return this.bosId !== null && this.suffix.at(-1) === this.bosId;
  }

  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }

  /** What rows are filled up with; nothing looks at it, so any token will do where none is named. */
  get fillId(): number {
    return this.padId ?? this.eosId ?? 0;
  }

  async encode(text: string, options: EncodeOptions = {}): Promise<Int32Array> {
    const encoding = await this.#rust.encode(text, null, { addSpecialTokens: options.special ?? true });
    return Int32Array.from(encoding.getIds());
  }

  /** Many texts, on all cores. */
  async encodeBatch(texts: readonly string[], options: EncodeOptions = {}): Promise<Int32Array[]> {
    return this.#batched(texts, options.special ?? true, (encoding) => Int32Array.from(encoding.getIds()));
  }

  /** Many texts with the place of every token, without what goes around a text. */
  async locateBatch(texts: readonly string[]): Promise<Located[]> {
    return this.#batched(texts, false, (encoding, text) => {
      const offsets = encoding.getOffsets();
      const units = codePointUnits(text);
      return {
        ids: Int32Array.from(encoding.getIds()),
        starts: Int32Array.from(offsets, ([start]) => units(start)),
        ends: Int32Array.from(offsets, ([, end]) => units(end)),
      };
    });
  }

  /** The text of ids; special tokens are left out unless asked for. */
  decode(ids: ArrayLike<number>, options: EncodeOptions = {}): string {
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      if (!options.special && this.#special.has(ids[i])) continue;
      const token = this.#rust.idToToken(ids[i]);
      if (token !== null) tokens.push(token);
    }
    return this.#join(tokens);
  }

  /** How one token reads within a text, leading space included; `�` for a part of a character. */
  token(id: number): string {
    const token = this.#rust.idToToken(id);
    if (token === null) return `<${id}>`;
    return this.#join(['a', token]).slice(1); // a decoder may strip the space of a text's first token
  }

  /** A chat as one text by the tokenizer's own template; throws UserError where it has none. */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): string {
    if (this.#files.chatTemplate === null) {
      throw new UserError(`the tokenizer in ${this.#files.folder} has no chat_template; choose a named one with dataset.template (chatml, alpaca, …)`);
    }
    this.#renderer ??= chatRenderer(this.#files.chatTemplate, this.#files.special);
    return this.#renderer(messages, options);
  }

  /** While the library works on one batch, the ids of the one before are taken over. */
  async #batched<T>(texts: readonly string[], special: boolean, convert: (encoding: Encoding, text: string) => T): Promise<T[]> {
    const results: T[] = [];
    let working: { readonly batch: readonly string[]; readonly encodings: Promise<Encoding[]> } | null = null;
    const take = async (): Promise<void> => {
      if (working === null) return;
      const { batch, encodings } = working;
      for (const [i, encoding] of (await encodings).entries()) results.push(convert(encoding, batch[i]));
    };
    for (const batch of batchesOf(texts)) {
      const encodings = this.#rust.encodeBatch([...batch], { addSpecialTokens: special });
      encodings.catch(() => undefined); // reported where it is awaited
      await take();
      working = { batch, encodings };
    }
    await take();
    return results;
  }

  #join(tokens: string[]): string {
    return this.#rust.getDecoder()?.decode(tokens) ?? tokens.join(' ');
  }
}

/** In their order, each of `batchUnits` or of one longer text. */
function* batchesOf(texts: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < texts.length; ) {
    let to = from;
    for (let units = 0; to < texts.length && (to === from || units + texts[to].length <= batchUnits); to++) units += texts[to].length;
    yield texts.slice(from, to);
    from = to;
  }
}

/** The library counts code points, JavaScript UTF-16 units. */
function codePointUnits(text: string): (codePoint: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (codePoint) => codePoint;
  const units = new Int32Array(text.length + 1);
  let unit = 0;
  let codePoint = 0;
  for (const character of text) {
    units[codePoint++] = unit;
    unit += character.length;
  }
  units[codePoint] = unit;
  return (index) => units[index];
}

function specialIds(definition: string): ReadonlySet<number> {
  const { added_tokens: added = [] } = JSON.parse(definition) as { added_tokens?: { id: number; special: boolean }[] };
  return new Set(added.filter((token) => token.special).map((token) => token.id));
}
