/** Answers of a model to the rows it is evaluated on, beside those they have: `predict_with_generate` of Transformers' Seq2SeqTrainer. */
import { rename, writeFile } from 'node:fs/promises';
import type { Experiment } from '../../config/schema.js';
import { questionOf } from '../../data/questions.js';
import type { EncodedRows } from '../../data/rows.js';
import type { Tokenizer } from '../../data/tokenizer/index.js';
import type { Executable } from '../../engine/contract.js';
import type { Model } from '../../models/contract.js';
import type { GenerationConfig } from '../../models/generation.js';
import { writes } from '../../models/task.js';
import { UserError } from '../../util/errors.js';
import { continuation, generateEach, stopIdsOf } from './generate.js';
import { greedy } from './sampling.js';

/** The fields are those of LLaMA-Factory's `generated_predictions.jsonl`. */
export interface Prediction {
  /** As the model reads it, special tokens and all. */
  readonly prompt: string;
  readonly label: string;
  readonly predict: string;
}

export interface Writer {
  readonly executable: Executable;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  readonly generation: GenerationConfig;
}

export interface PredictOptions {
  /** Rows that are answered side by side; one by one where there are beams. */
  readonly batchSize: number;
  /** Null: what the model's folder says, else as many as the longest answer of the rows has. */
  readonly maxNewTokens: number | null;
  /** Only the first rows; null: all. */
  readonly maxRows: number | null;
  readonly interrupted?: () => boolean;
  /** Told how many of how many rows are answered. */
  readonly onProgress?: (done: number, rows: number) => void;
}

/** What an experiment says of its answers. */
export function predictOptions({ train }: Pick<Experiment, 'train'>): Pick<PredictOptions, 'batchSize' | 'maxNewTokens' | 'maxRows'> {
  return { batchSize: train.per_device_eval_batch_size, maxNewTokens: train.generation_max_new_tokens, maxRows: train.max_predict_samples };
}

/** The model's habits, but for the beams that an experiment asks for. */
export function predictGeneration({ train }: Pick<Experiment, 'train'>, generation: GenerationConfig): GenerationConfig {
  return { ...generation, numBeams: train.generation_num_beams ?? generation.numBeams };
}

/** Throws a UserError where the rows of an experiment have no answers to write, or its model writes none. */
export function checkPredicts({ stage, dataset, recipe }: Pick<Experiment, 'stage' | 'dataset' | 'recipe'>, model: Model, asked: string): void {
  if (!writes(model)) throw new UserError(`${asked} lets a model answer its rows, and a ${model.modelType} model of stage ${stage} writes no text: leave it out`);
  if (stage !== 'sft' && stage !== 'seq2seq') throw new UserError(`${asked} answers rows of a prompt and an answer (stage sft or seq2seq), and those of stage ${stage} have none: leave it out`);
  if (recipe.path !== null) return; // its functions may give rows of another format
  if (dataset.format === 'classification') throw new UserError(`${asked} answers rows of a prompt and an answer; those of format classification are measured by their accuracy: leave it out`);
  if (dataset.format === 'text') throw new UserError(`${asked} answers rows of a prompt and an answer, and those of format text have none: leave it out, or set dataset.format`);
}

/** Whether one of the first rows has a prompt before what is learned; all of them where `maxRows` is null. */
export function asksAnything(rows: EncodedRows, maxRows: number | null): boolean {
  return Array.from({ length: countOf(rows, maxRows) }, (_, row) => row).some((row) => questionOf(rows, row) !== null);
}

/** Throws a UserError where they do not. */
export function checkAsks(rows: EncodedRows, maxRows: number | null): void {
  if (!asksAnything(rows, maxRows)) throw new UserError('no row has a prompt before what is learned, so there is nothing to answer: leave the generation out');
}

function countOf(rows: EncodedRows, maxRows: number | null): number {
  return Math.min(rows.length, maxRows ?? Infinity);
}

/**
 * The likeliest answer to every row, in the order of the rows. What an answer ends with in the rows (a template's own closing token)
 * ends one here too. Null when it was interrupted; throws a UserError where no row asks anything.
 */
export async function predictRows({ executable, model, tokenizer, generation }: Writer, rows: EncodedRows, options: PredictOptions): Promise<Prediction[] | null> {
  checkAsks(rows, options.maxRows);
  const questions = Array.from({ length: countOf(rows, options.maxRows) }, (_, row) => questionOf(rows, row)).filter((question) => question !== null);
  const answers = questions.map(({ answer }) => answer);
  const stopIds = [...new Set([...stopIdsOf(generation, tokenizer), ...answers.flatMap((answer) => closingToken(answer, tokenizer) ?? [])])];
  const maxNewTokens = options.maxNewTokens ?? generation.maxNewTokens ?? Math.max(...answers.map(({ length }) => length));
  const { batchSize, interrupted, onProgress } = options;
  const order = [...questions.keys()].sort((a, b) => questions[b].prompt.length - questions[a].prompt.length); // little padding, and the most memory first
  const predictions = new Array<Prediction>(questions.length);
  for (let from = 0; from < order.length; from += batchSize) {
    const batch = order.slice(from, from + batchSize);
    const said = await generateEach(executable, model, batch.map((i) => questions[i].prompt), { ...greedy, seed: 0, maxNewTokens, stopIds, generation, interrupted });
    if (interrupted?.() === true) return null;
    for (const [row, i] of batch.entries()) {
      const prompt = [...questions[i].prompt];
      const text = (ids: Iterable<number>) => continuation(tokenizer, model, prompt, [...ids]).trim();
      predictions[i] = { prompt: tokenizer.decode(prompt, { special: true }), label: text(answers[i]), predict: text(said[row].ids) };
    }
    onProgress?.(from + batch.length, order.length);
  }
  return predictions;
}

/** The first special token behind the words of an answer; null where there is none. */
function closingToken(answer: Int32Array, tokenizer: Tokenizer): number | null {
  const words = answer.findIndex((id) => !tokenizer.isSpecial(id));
  return (words < 0 ? null : answer.subarray(words).find((id) => tokenizer.isSpecial(id))) ?? null;
}

/** A line a prediction; the file is there whole or not at all. */
export async function writePredictions(file: string, predictions: readonly Prediction[]): Promise<void> {
  await writeFile(`${file}.tmp`, predictions.map(({ prompt, label, predict }) => `${JSON.stringify({ prompt, label, predict })}\n`).join(''));
  await rename(`${file}.tmp`, file);
}
