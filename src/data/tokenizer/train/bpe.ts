/**
 * Byte-level BPE, learned from the words of a corpus (Sennrich et al. 2016): the pair of neighbours that occurs
 * most becomes a token, again and again. Vocabulary and merges equal those of `BpeTrainer` in Hugging Face's
 * `tokenizers`, ties and all: https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/bpe/trainer.rs
 */
import { Heap } from '../../../util/heap.js';
import { byteAlphabet } from './words.js';

export interface BpeOptions {
  /** Special tokens and the 256 bytes among them. */
  readonly vocabSize: number;
  readonly special: readonly string[];
  /** Pairs that occur less often are not merged. */
  readonly minFrequency: number;
  readonly onMerge?: (vocabulary: number) => void;
}

export interface Bpe {
  /** Tokens by id. */
  readonly vocab: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

/** A pair to merge, with the words in which it was found when it came up. */
interface Candidate {
  readonly pair: number;
  count: number;
  readonly words: readonly number[];
}

/** Two ids in one number; pairs are ordered by the first, then by the second. */
const shift = 2 ** 26;
const pairOf = (left: number, right: number): number => left * shift + right;

export function trainBpe(counts: ReadonlyMap<string, number>, { vocabSize, special, minFrequency, onMerge }: BpeOptions): Bpe {
  const alphabet = byteAlphabet();
  const vocab = [...new Set([...special, ...alphabet.toSorted()])];
  const ids = new Map(vocab.map((token, id) => [token, id]));
  const words = new Words(counts, alphabet.map((character) => ids.get(character) ?? 0));
  const pairCounts = new Map<number, number>();
  const queue = new Heap<Candidate>((a, b) => a.count > b.count || (a.count === b.count && a.pair < b.pair));
  let found = new Map<number, number[]>();

  const change = (pair: number, by: number, word: number): void => {
    pairCounts.set(pair, (pairCounts.get(pair) ?? 0) + by * words.counts[word]);
    if (by < 0) return;
    const places = found.get(pair);
    if (!places) found.set(pair, [word]);
    else if (places[places.length - 1] !== word) places.push(word); // words come in turn
  };
  const enqueue = (): void => {
    for (const [pair, places] of found) {
      const count = pairCounts.get(pair) ?? 0;
      if (count > 0) queue.push({ pair, count, words: places });
    }
    found = new Map();
  };

  for (let word = 0; word < words.counts.length; word++) words.pairs(word, (pair) => change(pair, 1, word));
  enqueue();
  const merges: number[] = [];
  while (vocab.length < vocabSize) {
    const top = queue.pop();
    if (!top) break;
    const count = pairCounts.get(top.pair) ?? 0;
    if (top.count !== count) { // it has lost some since
      top.count = count;
      queue.push(top);
      continue;
    }
    if (count < Math.max(1, minFrequency)) break;
    const token = vocab[Math.floor(top.pair / shift)] + vocab[top.pair % shift];
    const id = ids.get(token) ?? vocab.length;
    if (id === vocab.length) {
      vocab.push(token);
      ids.set(token, id);
    }
    merges.push(top.pair);
    for (const word of top.words) words.merge(word, top.pair, id, change);
    enqueue();
    onMerge?.(vocab.length);
  }
  // A token made of other halves a second time: the later place counts.
  const last = new Map(merges.map((pair, rank) => [pair, rank]));
  const kept = merges.filter((pair, rank) => last.get(pair) === rank);
  return { vocab, merges: kept.map((pair) => [vocab[Math.floor(pair / shift)], vocab[pair % shift]] as const) };
}

/** Every word as ids, one after the other in one array; merging makes a word shorter where it lies. */
class Words {
  readonly counts: Float64Array;
  readonly #symbols: Int32Array;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;

  constructor(counts: ReadonlyMap<string, number>, idOfByte: readonly number[]) {
    const bytes = Array.from(counts.keys(), (word) => Buffer.from(word));
    this.counts = Float64Array.from(counts.values());
    this.#lengths = Int32Array.from(bytes, (word) => word.length);
    this.#starts = new Int32Array(bytes.length);
    this.#symbols = new Int32Array(this.#lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [word, codes] of bytes.entries()) {
      this.#starts[word] = at;
      for (const byte of codes) this.#symbols[at++] = idOfByte[byte];
    }
  }

  pairs(word: number, take: (pair: number) => void): void {
    const from = this.#starts[word];
    for (let i = from + 1; i < from + this.#lengths[word]; i++) take(pairOf(this.#symbols[i - 1], this.#symbols[i]));
  }

  /** Puts `id` for the pair, from left to right, and tells of the neighbours that went and came. */
  merge(word: number, pair: number, id: number, change: (pair: number, by: number, word: number) => void): void {
    const [left, right] = [Math.floor(pair / shift), pair % shift];
    const symbols = this.#symbols;
    const from = this.#starts[word];
    const end = from + this.#lengths[word];
    let to = from;
    for (let i = from; i < end; ) {
      if (symbols[i] !== left || i + 1 >= end || symbols[i + 1] !== right) {
        symbols[to++] = symbols[i++];
        continue;
      }
      if (to > from) {
        change(pairOf(symbols[to - 1], left), -1, word);
        change(pairOf(symbols[to - 1], id), 1, word);
      }
      if (i + 2 < end) {
        change(pairOf(right, symbols[i + 2]), -1, word);
        change(pairOf(id, symbols[i + 2]), 1, word);
      }
      symbols[to++] = id;
      i += 2;
    }
    this.#lengths[word] = to - from;
  }
}
