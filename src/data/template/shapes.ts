/** What each stage makes of a row's text. */
import type { Example, Piece } from './example.js';

/** The same text whole, between the marks that an encoder expects around a text. */
export function asMarkedText({ pieces, joined }: Example): Example {
  const texts = pieces.filter((piece) => 'text' in piece).map((piece): Piece => ({ ...piece, trained: true }));
  return { pieces: [{ mark: 'prefix', trained: true }, ...texts, { mark: 'suffix', trained: true }], joined };
}

/** A prompt, tokenised whole, with what the tokenizer puts after a text, and its last answer; what is learned is that answer alone. */
export function asPromptAndAnswer({ pieces }: Example): Example {
  const { before, answer } = lastAnswer(pieces);
  const prompt = before.map((piece) => ('text' in piece ? piece.text : '')).join('');
  return { pieces: [{ text: prompt, trained: false }, { mark: 'suffix', trained: false }, ...answer], joined: false };
}

/** What comes before the last answer, and that answer, each between the tokenizer's marks. */
export function asSourceAndTarget({ pieces }: Example): Example {
  const { before, answer } = lastAnswer(pieces);
  const marked = (texts: readonly Piece[], trained: boolean): Piece[] => [{ mark: 'prefix', trained }, ...textsOf(texts, trained), { mark: 'suffix', trained }];
  return { pieces: [...marked(before, false), ...marked(answer, true)], joined: false };
}

/** The last pieces in a row that are learned, and those before them; what follows them is nothing to learn. */
function lastAnswer(pieces: readonly Piece[]): { readonly before: readonly Piece[]; readonly answer: readonly Piece[] } {
  const end = pieces.findLastIndex(({ trained }) => trained) + 1;
  const start = pieces.slice(0, end).findLastIndex(({ trained }) => !trained) + 1;
  return { before: pieces.slice(0, start), answer: pieces.slice(start, end) };
}

function textsOf(pieces: readonly Piece[], trained: boolean): Piece[] {
  return pieces.filter((piece) => 'text' in piece && piece.text !== '').map((piece): Piece => ({ ...piece, trained }));
}

/** The same text as a document to learn whole, closed by the end token. */
export function asDocument(example: Example): Example {
  const pieces = example.pieces.filter((piece, i) => !(i === example.pieces.length - 1 && 'mark' in piece)).map((piece): Piece => ({ ...piece, trained: true }));
  return { ...example, pieces: [...pieces, { mark: 'end', trained: true }] };
}
