/** From texts to a tokenizer's folder. */
import { UserError } from '../../../util/errors.js';
import { trainBpe } from './bpe.js';
import { requireNoTokenizer, saveTokenizer } from './folder.js';
import { byteAlphabet, WordCounts } from './words.js';

export interface LearnOptions {
  readonly vocabSize: number;
  readonly special: readonly string[];
  readonly minFrequency: number;
  readonly folder: string;
  readonly onProgress?: (progress: { readonly bytes: number; readonly words: number; readonly vocabulary: number | null }) => void;
}

export interface LearnedTokenizer {
  readonly vocabSize: number;
  readonly merges: number;
  readonly texts: number;
  /** Of the texts, in UTF-8. */
  readonly bytes: number;
  /** Different ones. */
  readonly words: number;
}

/** Text after which there is news of the reading, and merges after which there is news of those. */
const newsBytes = 2 ** 25;
const newsMerges = 5000;

/** Reads texts once, holding only their different words. Throws UserError before that where nothing could come of it. */
export async function learnTokenizer(texts: AsyncIterable<string>, { vocabSize, special, minFrequency, folder, onProgress }: LearnOptions): Promise<LearnedTokenizer> {
  const least = new Set([...special, ...byteAlphabet()]).size;
  if (vocabSize < least) throw new UserError(`--vocab-size ${vocabSize} is too small: 256 bytes and the special tokens alone are ${least}`);
  if (special.length === 0 || special.includes('')) throw new UserError('--special needs at least one token: texts must end with something');
  requireNoTokenizer(folder);
  const { byteLevelPreTokenizer } = await import('tokenizers');
  const words = new WordCounts(byteLevelPreTokenizer(false));
  let [bytes, count, news] = [0, 0, newsBytes];
  for await (const text of texts) {
    words.add(text);
    count++;
    bytes += Buffer.byteLength(text);
    if (bytes < news) continue;
    news = bytes + newsBytes;
    onProgress?.({ bytes, words: words.counts.size, vocabulary: null });
  }
  if (words.counts.size === 0) throw new UserError('there is no text to learn from: the files are empty, or the filter leaves nothing of them');
  const learned = trainBpe(words.counts, {
    vocabSize, special, minFrequency,
    onMerge: (vocabulary) => {
      if (vocabulary % newsMerges === 0) onProgress?.({ bytes, words: words.counts.size, vocabulary });
    },
  });
  saveTokenizer(folder, learned, special);
  return { vocabSize: learned.vocab.length, merges: learned.merges.length, texts: count, bytes, words: words.counts.size };
}
