/** WordPiece from BERT's `vocab.txt`. */
import { around, type AddedToken, type Definition } from './definition.js';

export interface WordPieceFiles {
  /** A token a line. */
  readonly vocab: Readonly<Record<string, number>>;
  readonly added: readonly AddedToken[];
  readonly unk: AddedToken;
  readonly cls: AddedToken;
  readonly sep: AddedToken;
  /** `do_lower_case`, `strip_accents` (null: with lower case), `tokenize_chinese_chars` of `tokenizer_config.json`. */
  readonly lowercase: boolean;
  readonly stripAccents: boolean | null;
  readonly chineseCharacters: boolean;
}

/** As Transformers' BertTokenizer: `[CLS]` text `[SEP]`. */
export function wordPieceDefinition(files: WordPieceFiles): Definition {
  return {
    added_tokens: files.added,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: files.chineseCharacters, strip_accents: files.stripAccents, lowercase: files.lowercase },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: around([files.cls], [files.sep]),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: files.unk.content, continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: files.vocab },
  };
}
