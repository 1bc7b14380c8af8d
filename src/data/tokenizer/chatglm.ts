/** The tokenizers of ChatGLM: SentencePiece with rules and tokens of their own, after their `tokenization_chatglm.py`. */
import { around, type Definition, replaceText, specialToken } from './definition.js';
import { type Piece, pieceType, type SentencePieceModel } from './sentence-piece-file.js';
import { sentencePieceDefinition } from './sentence-piece.js';

const commands = ['[MASK]', '[gMASK]', '[sMASK]', '<unused_0>', '<sop>', '<eop>', '<ENC>', '<dBLOCK>'];
const longestBlank = 80;
const blanks = Array.from({ length: longestBlank - 1 }, (_, i) => i + 2);
const blank = (length: number) => `<|blank_${length}|>`;
const tab = '<|tab|>';

/**
 * ChatGLM-6B, `ice_text.model`: line ends, tabs and runs of spaces are tokens, and `[gMASK] <sop>` goes
 * after a text. The first release kept 20000 ids of pictures in front, and added its tokens when it was loaded.
 */
export function chatGlmDefinition(file: SentencePieceModel, imageTokens: number): Definition {
  const model = file.pieces.some(({ piece }) => piece === '[gMASK]') ? file : { ...file, byteFallback: true, pieces: [...file.pieces, ...firstReleasePieces()] };
  const whitespace: [string, string][] = [['\n', '<n>'], ['\t', tab], ...blanks.toReversed().map((length): [string, string] => [' '.repeat(length), blank(length)])];
  const definition = sentencePieceDefinition(model, {
    offset: Array.from({ length: imageTokens }, (_, i) => `<image_${i}>`),
    before: whitespace.map(([text, token]) => replaceText(text, token)),
    after: whitespace.map(([text, token]) => replaceText(token, text)),
  });
  const token = (content: string) => specialToken(content, imageTokens + model.pieces.findIndex(({ piece }) => piece === content));
  return { ...definition, post_processor: around([], [token('[gMASK]'), token('<sop>')]) };
}

function firstReleasePieces(): Piece[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const piecesOf = (all: readonly string[], type: number) => all.map((piece) => ({ piece, score: 0, type }));
  return [...piecesOf(commands, pieceType.control), ...piecesOf([tab, ...blanks.map(blank)], pieceType.userDefined), ...piecesOf(bytes, pieceType.byte)];
}

/** Tokens after the pieces of ChatGLM2; ChatGLM3 has the last four too. */
const laterCommands = ['[MASK]', '[gMASK]', '[sMASK]', 'sop', 'eop', '<|system|>', '<|user|>', '<|assistant|>', '<|observation|>'];

/** ChatGLM2 and 3, `tokenizer.model`: `[gMASK] sop` goes before a text. */
export function laterChatGlmDefinition(model: SentencePieceModel): Definition {
  const added = laterCommands.map((content, i) => specialToken(content, model.pieces.length + i));
  return { ...sentencePieceDefinition(model, { added }), post_processor: around([added[1], added[3]], []) };
}
