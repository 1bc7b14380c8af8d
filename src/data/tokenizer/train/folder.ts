/** A learned vocabulary as the folder that this program and Transformers read. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { replaceFile } from '../../../util/atomic.js';
import { UserError } from '../../../util/errors.js';
import { gpt2Definition } from '../byte-level.js';
import { specialToken, written } from '../definition.js';
import type { Bpe } from './bpe.js';

/** Names by which special tokens are known for what they are; the first that is there counts. */
const usual = {
  bos: ['<s>', '<bos>', '<|bos|>', '<|startoftext|>', '<|begin_of_text|>', '<|endoftext|>'],
  eos: ['</s>', '<eos>', '<|eos|>', '<|endoftext|>', '<|end_of_text|>'],
  pad: ['<pad>', '<|pad|>', '[PAD]', '<|padding|>'],
  unk: ['<unk>', '<|unk|>', '[UNK]'],
  mask: ['<mask>', '[MASK]'],
} as const;

/** Throws UserError where the folder has a tokenizer already. */
export function requireNoTokenizer(folder: string): void {
  if (existsSync(path.join(folder, 'tokenizer.json'))) throw new UserError(`${folder} already holds a tokenizer.json, which is not written over; name another folder with --out`);
}

/** Writes `tokenizer.json` and `tokenizer_config.json`; the end token fills rows where no other is named for it. */
export function saveTokenizer(folder: string, { vocab, merges }: Bpe, special: readonly string[]): void {
  const ids = Object.fromEntries(vocab.map((token, id) => [token, id]));
  const added = special.map((token) => specialToken(token, ids[token]));
  const definition = gpt2Definition({ vocab: ids, merges: merges.map((pair) => pair.join(' ')).join('\n'), added, addPrefixSpace: false });
  const known = (names: readonly string[]) => names.find((name) => special.includes(name)) ?? null;
  const eos = known(usual.eos) ?? special[0];
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: known(usual.bos) ?? eos,
    eos_token: eos,
    pad_token: known(usual.pad) ?? eos,
    unk_token: known(usual.unk),
    mask_token: known(usual.mask),
    clean_up_tokenization_spaces: false,
  };
  mkdirSync(folder, { recursive: true });
  replaceFile(path.join(folder, 'tokenizer_config.json'), `${JSON.stringify(Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null)), null, 2)}\n`);
  replaceFile(path.join(folder, 'tokenizer.json'), written(definition));
}
