import type { Layout } from '../data/layout.js';
import { evalBatches } from '../data/loader.js';
import type { EncodedRows } from '../data/rows.js';
import type { Executable } from '../engine/contract.js';
import type { Tensor } from '../util/tensor.js';

export interface Evaluation {
  /** Mean over all label tokens, and its exponential. */
  readonly loss: number;
  readonly perplexity: number;
  /** Share of rows in which every label token is the model's first choice. */
  readonly accuracy: number;
  readonly tokens: number;
  readonly rows: number;
}

export interface EvaluationOptions {
  /** The most rows at a time; where their logits would take too much, it is fewer. */
  readonly batchSize: number;
  readonly vocabSize: number;
  readonly padId: number;
  readonly layout?: Layout;
  /** Asked before each batch; a stop in the middle gives null. */
  readonly interrupted?: () => boolean;
}

/** Logits that are in memory at one time, unless a single row has more: 128 MiB, and as much for each copy. */
const logitsAtATime = 1 << 25;

/** Labels of one call of `evaluate`: its logits [N, V] are the largest thing that many runs ever hold. */
export function labelsAtATime(vocabSize: number): number {
  return Math.max(1, Math.floor(logitsAtATime / vocabSize));
}

/** Runs the program's `evaluate` over all rows. */
export async function evaluateRows(executable: Executable, rows: EncodedRows, options: EvaluationOptions): Promise<Evaluation | null> {
  let loss = 0;
  let tokens = 0;
  let right = 0;
  let labelled = 0;
  for (const batch of evalBatches(rows, { ...options, maxLabels: labelsAtATime(options.vocabSize) })) {
    if (options.interrupted?.() === true) return null;
    if (batch.labelCount === 0) continue;
    const { losses, predictions } = await executable.run('evaluate', batch.inputs);
    for (const value of losses.data) loss += value;
    tokens += batch.labelCount;
    const score = exactRows(batch.inputs, predictions);
    right += score.right;
    labelled += score.labelled;
  }
  const mean = loss / tokens;
  return { loss: mean, perplexity: Math.exp(mean), accuracy: right / labelled, tokens, rows: labelled };
}

/** Rows whose labels are all predicted; a label at flat position p belongs to row ⌊p / T⌋. */
function exactRows(inputs: { input_ids: Tensor; label_rows: Tensor; labels: Tensor }, predictions: Tensor): { right: number; labelled: number } {
  const length = inputs.input_ids.shape[1];
  const exact = new Map<number, boolean>();
  inputs.label_rows.data.forEach((position, i) => {
    const row = Math.floor(position / length);
    exact.set(row, (exact.get(row) ?? true) && predictions.data[i] === inputs.labels.data[i]);
  });
  return { right: [...exact.values()].filter(Boolean).length, labelled: exact.size };
}
