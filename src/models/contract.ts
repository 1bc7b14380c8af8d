/** What a model is to the rest of the house: named parameters and a forward pass in graph words. */
import type { Experiment } from '../config/schema.js';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Head } from '../nn/head.js';
import type { Linear } from '../nn/layers.js';
import type { ParameterSpec } from '../nn/parameter.js';

export type { Init, ParameterSpec } from '../nn/parameter.js';

/**
 * Keys and values of the tokens before this call, for generation. With P tokens held and T new ones,
 * `positions` and `segments` describe all P+T keys; each layer's new keys and values come out as
 * `present.<layer>.key|value`, [B, kvHeads, P+T, headSize].
 */
export interface KeyValueCache {
  readonly positions: Node; // [B, P+T] i32
  readonly segments: Node; //  [B, P+T] i32
  readonly blocks?: Node; //   [B, P+T] i32
  past(layer: number): KeyValue; // P tokens
  setPresent(layer: number, present: KeyValue): void;
}

export interface ModelInputs {
  readonly ids: Node; //       [B, T] i32
  readonly positions: Node; // [B, T] i32, from 0 in every document
  /** [B, T] i32: a token sees those of its own segment at its own position or before. Padding is segment 0. */
  readonly segments: Node;
  readonly cache: KeyValueCache | null;
  /** Of a model with an `answerStartId`: [B, T] i32, 0 in the prompt, and from 1 on where its answer starts. */
  readonly blocks?: Node;
  /** Of an encoder–decoder: the text that `ids` is the answer to. */
  readonly source?: Source;
}

export interface KeyValue {
  readonly key: Node; //   [B, kvHeads, S, headSize]
  readonly value: Node; // [B, kvHeads, S, headSize]
}

/** Tokens [B, S] as `ModelInputs` has them; a token of the answer sees those of its own segment. */
export interface SourceTokens {
  readonly ids: Node;
  readonly positions: Node;
  readonly segments: Node;
}

/** The same once it is encoded. */
export interface EncodedSource {
  readonly segments: Node; // [B, S] i32
  /** What a layer of the decoder attends to. */
  cross(layer: number): KeyValue;
}

export type Source = SourceTokens | EncodedSource;

/** What an encoder–decoder has beside its `forward`. */
export interface EncoderDecoder {
  /** Layers that have a cache, each with its attention to the source; in `layerOf` they come after the encoder's. */
  readonly decoderLayers: number;
  /** What the decoder reads first: labels are its input shifted by this token. */
  readonly startId: number;
  /** Runs the encoder: keys and values of the source for each layer of the decoder. */
  encode(g: Builder, source: SourceTokens): readonly KeyValue[];
}

export interface ModelOutput {
  readonly hidden: Node; // [B, T, C], after the last norm
  /** Its weight is the embedding itself where they are tied. */
  readonly head: Head;
}

/** What a model's head predicts, and where. */
export type Task = 'next-token' | 'target-text' | 'masked-token' | 'class';

/** A model read from a `config.json`; it holds no weights. */
export interface Model {
  readonly modelType: string;
  /** The config as it was read, for exports. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  /** The longest sequence the model was made for. */
  readonly contextLength: number;
  readonly bosTokenId: number | null;
  readonly eosTokenIds: readonly number[];
  readonly task: Task;
  /** What an experiment may do with a model of this type. */
  readonly stages: readonly Experiment['stage'][];
  /** Names of the classes by number; none where it predicts tokens. */
  readonly classes: readonly string[];
  /** Null where one stack of layers reads and writes. */
  readonly encoderDecoder: EncoderDecoder | null;
  /** The token at which a prompt, every token of which sees the whole of it, becomes its answer; null: tokens see what is before them. */
  readonly answerStartId: number | null;
  /** Modules that a file made for another task lacks: they begin at random then. */
  readonly newModules: readonly string[];
  /** Modules that are trained whole beside an adapter, since no pre-training has made them (PEFT's modules_to_save). */
  readonly headModules: readonly string[];
  /** Tied weights are named once. */
  readonly parameters: readonly ParameterSpec[];
  /** The parameter that is embedding and head in one, and what the head's would be called; null where they are two. */
  readonly tied: { readonly embedding: string; readonly head: string } | null;
  /** The linear maps inside the blocks, which an adapter may change; the head is none of them. */
  readonly linears: readonly Linear[];
  /** PEFT's default target modules for this architecture (last part of the module's name). */
  readonly loraTargets: readonly string[];
  /** The block a parameter belongs to, for `freeze`; null for embeddings, the last norm and the head. */
  layerOf(parameter: string): number | null;
  /** Names under which a file may hold a parameter, the usual one first. */
  storedAs(parameter: string): readonly string[];
  /** Whether a file's tensor is one that the model computes itself: a mask, a rotary table, a tied copy. */
  isDerived(tensor: string): boolean;
  forward(g: Builder, inputs: ModelInputs): ModelOutput;
}
