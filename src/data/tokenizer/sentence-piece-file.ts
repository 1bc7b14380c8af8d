/**
 * The part of a SentencePiece `.model` file that encoding needs.
 * Field numbers and defaults: https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
 */
import protobuf from 'protobufjs/light.js';

/** Kinds of pieces. Only normal, user-defined and unused ones are found in a text. */
export const pieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  readonly piece: string;
  /** Unigram: log probability. BPE: minus the rank of the merge. */
  readonly score: number;
  readonly type: number;
}

export interface SentencePieceModel {
  readonly pieces: readonly Piece[];
  readonly algorithm: 'unigram' | 'bpe';
  readonly byteFallback: boolean;
  readonly unkId: number;
  /** Rules of the normalization, compiled by SentencePiece; empty for none. */
  readonly charsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
}

const field = (id: number, type: string, initial?: unknown) => ({ id, type, ...(initial === undefined ? {} : { options: { default: initial } }) });
/** In proto2 a value that is written counts, though it be the default of its type. */
const message = (fields: Record<string, ReturnType<typeof field> & { rule?: 'repeated' }>) => ({ edition: 'proto2', fields });

const modelType = protobuf.Root.fromJSON({
  nested: {
    SentencePiece: message({ piece: field(1, 'string'), score: field(2, 'float'), type: field(3, 'int32', pieceType.normal) }),
    TrainerSpec: message({ modelType: field(3, 'int32', 1), byteFallback: field(35, 'bool'), unkId: field(40, 'int32', 0) }),
    NormalizerSpec: message({ precompiledCharsmap: field(2, 'bytes'), addDummyPrefix: field(3, 'bool', true), removeExtraWhitespaces: field(4, 'bool', true) }),
    ModelProto: message({ pieces: { ...field(1, 'SentencePiece'), rule: 'repeated' }, trainerSpec: field(2, 'TrainerSpec'), normalizerSpec: field(3, 'NormalizerSpec') }),
  },
}).lookupType('ModelProto');

interface ModelMessage {
  readonly pieces: readonly Piece[];
  readonly trainerSpec: { readonly modelType: number; readonly byteFallback: boolean; readonly unkId: number } | null;
  readonly normalizerSpec: { readonly precompiledCharsmap: Uint8Array; readonly addDummyPrefix: boolean; readonly removeExtraWhitespaces: boolean } | null;
}

/** Reads a file; throws an Error where it is damaged or its algorithm is neither unigram nor BPE. */
export function parseSentencePiece(bytes: Uint8Array): SentencePieceModel {
  const { pieces, trainerSpec: trainer, normalizerSpec: normalizer } = modelType.decode(bytes) as unknown as ModelMessage;
  if (pieces.length === 0 || trainer === null) throw new Error('it holds no pieces');
  if (trainer.modelType > 2) throw new Error('it is of words or characters, and only unigram and BPE are read');
  return {
    pieces,
    algorithm: trainer.modelType === 1 ? 'unigram' : 'bpe',
    byteFallback: trainer.byteFallback,
    unkId: trainer.unkId,
    charsmap: normalizer?.precompiledCharsmap ?? new Uint8Array(),
    addDummyPrefix: normalizer?.addDummyPrefix ?? true,
    removeExtraWhitespaces: normalizer?.removeExtraWhitespaces ?? true,
  };
}
