/** How a stored row becomes what a model reads and what it has to say: one way for each thing to learn. */
import type { Experiment } from '../../config/schema.js';
import { UserError } from '../../util/errors.js';
import { Random } from '../../util/random.js';
import { type EncodedRows, ignoredLabel } from '../rows.js';
import type { Tokenizer } from '../tokenizer/index.js';

export interface LaidRow {
  readonly ids: Int32Array;
  /** Positions that predict a label, and what they should predict. */
  readonly at: readonly number[];
  readonly labels: readonly number[];
  /** Where in the stored row each label stands: its weight is the one there. */
  readonly from: readonly number[];
  /** For each token, 0 in the prompt and 1, 2, … in its answer, where a model asks for it. */
  readonly blocks?: Int32Array;
  /** The text that `ids` is the answer to, where an encoder reads it. */
  readonly source?: Int32Array;
}

/** `draw` names the pass over the data, for what is drawn anew in each. */
export type Layout = (rows: EncodedRows, row: number, draw: readonly (string | number)[]) => LaidRow;

/** A position predicts the token after it. */
export const nextToken: Layout = (rows, row) => {
  const ids = rows.tokens(row);
  const targets = rows.labels(row);
  const at: number[] = [];
  const labels: number[] = [];
  for (let t = 1; t < ids.length; t++) {
    if (targets[t] === ignoredLabel) continue;
    at.push(t - 1);
    labels.push(targets[t]);
  }
  return { ids, at, labels, from: at.map((t) => t + 1) };
};

/** The same, with the places in the prompt's answer, which begins at `startId` (ChatGLM-6B's `<sop>`). */
export function promptAndAnswer(startId: number): Layout {
  return (rows, row, draw) => {
    const laid = nextToken(rows, row, draw);
    return { ...laid, blocks: answerPlaces(laid.ids, startId) };
  };
}

/** 0 before the first `startId`, from there on 1, 2, …; all 0 where there is none. */
export function answerPlaces(ids: Int32Array, startId: number): Int32Array {
  const start = ids.indexOf(startId);
  return ids.map((_, t) => (start < 0 ? 0 : Math.max(0, t - start + 1)));
}

/** What is learned of a row is the answer to the rest of it; the decoder reads it behind `startId`, each token predicting the next. */
export function sourceAndTarget(startId: number): Layout {
  return (rows, row) => {
    const stored = rows.tokens(row);
    const learned = rows.labels(row).findIndex((label) => label !== ignoredLabel);
    const target = stored.subarray(learned);
    const ids = Int32Array.of(startId, ...target.subarray(0, -1));
    const at = [...ids.keys()];
    return { source: stored.subarray(0, learned), ids, at, labels: [...target], from: at.map((t) => learned + t) };
  };
}

/** The first position predicts the class, which stands behind the text in the store. */
export const classOfText: Layout = (rows, row) => {
  const stored = rows.tokens(row);
  return { ids: stored.subarray(0, -1), at: [0], labels: [stored[stored.length - 1]], from: [stored.length - 1] };
};

export interface Masking {
  readonly probability: number;
  readonly maskId: number;
  readonly vocabSize: number;
  readonly seed: number;
  isSpecial(id: number): boolean;
}

/**
 * Some tokens are to be told from the rest of the text: 80 % of them read as the mask, 10 % as any token, 10 % as they are
 * (Devlin et al., 2018, §3.1; as DataCollatorForLanguageModeling draws them), at least one a row. Drawn anew in each pass.
 */
export function maskedTokens({ probability, maskId, vocabSize, seed, isSpecial }: Masking): Layout {
  return (rows, row, draw) => {
    const random = new Random(seed, 'masked tokens', ...draw, row);
    const stored = rows.tokens(row);
    const targets = rows.labels(row);
    const words = [...stored.keys()].filter((t) => !isSpecial(stored[t]) && targets[t] !== ignoredLabel);
    const drawn = words.filter(() => random.uniform() < probability);
    const at = drawn.length > 0 || words.length === 0 ? drawn : [words[random.below(words.length)]];
    const ids = stored.slice();
    for (const t of at) {
      const kind = random.uniform();
      if (kind < 0.8) ids[t] = maskId;
      else if (kind < 0.9) ids[t] = random.below(vocabSize);
    }
    return { ids, at, labels: at.map((t) => stored[t]), from: at };
  };
}

/** What a model says of how it reads rows. */
export interface Reading {
  /** Of a model whose prompts see all of themselves, up to this token. */
  readonly answerStartId: number | null;
  /** Of an encoder–decoder: what its decoder reads first. */
  readonly encoderDecoder: { readonly startId: number } | null;
}

/** The layout of an experiment's rows; UserError where its tokenizer has no mask to train with. */
export function layoutOf({ stage, mlm_probability: probability, train: { seed } }: Pick<Experiment, 'stage' | 'mlm_probability' | 'train'>, tokenizer: Tokenizer, { answerStartId, encoderDecoder }: Reading): Layout {
  switch (stage) {
    case 'sft':
    case 'pretrain':
      return answerStartId === null ? nextToken : promptAndAnswer(answerStartId);
    case 'seq2seq':
      if (encoderDecoder === null) throw new Error('stage seq2seq of a model without an encoder');
      return sourceAndTarget(encoderDecoder.startId);
    case 'classify':
      return classOfText;
    case 'mlm': {
      const maskId = tokenizer.maskId;
      if (maskId === null) throw new UserError('the tokenizer has no mask token ([MASK] or <mask>), which stage mlm needs; take the tokenizer of a BERT or RoBERTa');
      return maskedTokens({ probability, maskId, vocabSize: tokenizer.vocabSize, seed, isSpecial: (id) => tokenizer.isSpecial(id) });
    }
  }
}
