/** SentencePiece models as the `tokenizer.json` that encodes alike; after Transformers' `convert_slow_tokenizer.py`. */
import { type AddedToken, type Definition, type Part, replacePattern, replaceText, sequence, specialToken } from './definition.js';
import { type Piece, pieceType, type SentencePieceModel } from './sentence-piece-file.js';

/** How SentencePiece writes a space. */
const space = '▁';

export interface Conversion {
  /** Ids before that of the first piece, for tokens that no text has. */
  readonly offset?: readonly string[];
  /** What is done to a text before SentencePiece sees it, and undone after. */
  readonly before?: readonly Part[];
  readonly after?: readonly Part[];
  /** Tokens beyond the file's own. */
  readonly added?: readonly AddedToken[];
}

/** Without a post-processor: what goes around a text is not in the file. */
export function sentencePieceDefinition(model: SentencePieceModel, { offset = [], before = [], after = [], added = [] }: Conversion = {}): Omit<Definition, 'post_processor'> {
  const own = model.pieces.flatMap(({ piece, type }, i): AddedToken[] => {
    if (type === pieceType.control || type === pieceType.unknown) return [specialToken(piece, i + offset.length)];
    // A unigram model finds these by their score.
    return type === pieceType.userDefined && model.algorithm === 'bpe' ? [{ ...specialToken(piece, i + offset.length), special: false }] : [];
  });
  const known = new Set(own.map(({ content }) => content));
  return {
    added_tokens: [...own, ...added.filter(({ content }) => !known.has(content))],
    normalizer: sequence('normalizers', [...before, ...normalizers(model)]),
    pre_tokenizer: null,
    decoder: sequence('decoders', [
      replaceText(space, ' '),
      ...(model.byteFallback ? [{ type: 'ByteFallback' }] : []),
      { type: 'Fuse' },
      ...(model.addDummyPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ...after,
    ]),
    model: model.algorithm === 'bpe' ? bpe(model, offset) : unigram(model, offset),
  };
}

/** Characters by rule, then spaces: those at the ends and doubled ones out, one in front, all written as ▁. */
function normalizers({ charsmap, removeExtraWhitespaces, addDummyPrefix }: SentencePieceModel): Part[] {
  return [
    ...(charsmap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(charsmap).toString('base64') }] : []),
    ...(removeExtraWhitespaces ? [replacePattern(String.raw`\A +| +\z`, ''), replacePattern(' {2,}', ' ')] : []),
    ...(addDummyPrefix ? [{ type: 'Prepend', prepend: space }] : []),
    replaceText(' ', space),
  ];
}

function bpe({ pieces, byteFallback, unkId }: SentencePieceModel, offset: readonly string[]): Part {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: pieces[unkId].piece,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: true,
    byte_fallback: byteFallback,
    vocab: Object.fromEntries([...offset, ...pieces.map(({ piece }) => piece)].map((piece, id) => [piece, id])),
    merges: mergesOf(pieces),
  };
}

interface Merge {
  readonly left: string;
  readonly right: string;
  readonly score: number;
  /** Of the left and the right part, in characters. */
  readonly lengths: readonly [number, number];
}

/**
 * SentencePiece joins the two neighbours whose union has the highest score: every way to take a piece
 * apart into two others is a merge, ranked by the score of the whole, then by length.
 */
function mergesOf(pieces: readonly Piece[]): [string, string][] {
  const ids = new Map(pieces.flatMap(({ piece, type }, id) => (type === pieceType.normal || type === pieceType.unused ? [[piece, id] as const] : [])));
  const merges: Merge[] = [];
  for (const [piece, id] of ids) {
    const { score } = pieces[id];
    const characters = [...piece];
    const own: Merge[] = [];
    for (let at = 1; at < characters.length; at++) {
      const left = characters.slice(0, at).join('');
      const right = characters.slice(at).join('');
      if (ids.has(left) && ids.has(right)) own.push({ left, right, score, lengths: [at, characters.length - at] });
    }
    merges.push(...own.sort((a, b) => idOf(ids, a.left) - idOf(ids, b.left) || idOf(ids, a.right) - idOf(ids, b.right)));
  }
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ left, right }) => [left, right]);
}

function idOf(ids: ReadonlyMap<string, number>, piece: string): number {
  return ids.get(piece) ?? -1;
}

/** Far below any score: never chosen while a text can be covered otherwise. */
const never = 1000;

/** What SentencePiece gives user-defined pieces, so that they are always taken (unigram_model.cc: length · FLT_MIN − 0.1). */
const always = -0.1;

/**
 * The library looks for every entry of the vocabulary in a text, SentencePiece only for normal and
 * user-defined pieces: the others get a score with which they do not come about.
 */
function unigram({ pieces, byteFallback, unkId }: SentencePieceModel, offset: readonly string[]): Part {
  const normal = pieces.filter(({ type }) => type === pieceType.normal).map(({ score }) => score);
  const worst = normal.reduce((a, b) => Math.min(a, b), Infinity);
  const scoreOf = ({ score, type }: Piece): number => {
    if (type === pieceType.normal) return score;
    return type === pieceType.userDefined ? always : worst - never;
  };
  return {
    type: 'Unigram',
    unk_id: unkId + offset.length,
    byte_fallback: byteFallback,
    vocab: [...offset.map((piece) => [piece, worst - never]), ...pieces.map((piece) => [piece.piece, scoreOf(piece)])],
  };
}
