import type { Layout } from '../data/batch/layout.js';
import type { Batch } from '../data/batch/collate.js';
import type { Filling } from '../data/batch/extent.js';
import { evalBatches } from '../data/batch/loader.js';
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
  /** The same for each set of a mixture, in the order they come; none where there is only one. */
  readonly sets: readonly SetEvaluation[];
}

export interface SetEvaluation {
  readonly name: string;
  /** Mean over the label tokens of its rows. */
  readonly loss: number;
  readonly tokens: number;
}

export interface EvaluationOptions extends Filling {
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
  const sets = new Map<string, { sum: number; tokens: number }>();
  for (const batch of evalBatches(rows, { ...options, maxLabels: labelsAtATime(options.vocabSize) })) {
    if (options.interrupted?.() === true) return null;
    if (batch.labelCount === 0) continue;
    const { losses, predictions } = await executable.run('evaluate', batch.inputs);
    losses.data.forEach((value, i) => {
      loss += value;
      addTo(sets, rows.setName(batch.labelOwners[i]), value);
    });
    tokens += batch.labelCount;
    const score = exactRows(batch, predictions);
    right += score.right;
    labelled += score.labelled;
  }
  const mean = loss / tokens;
  return { loss: mean, perplexity: Math.exp(mean), accuracy: right / labelled, tokens, rows: labelled, sets: Array.from(sets, ([name, set]) => ({ name, loss: set.sum / set.tokens, tokens: set.tokens })) };
}

function addTo(sets: Map<string, { sum: number; tokens: number }>, name: string | null, loss: number): void {
  if (name === null) return;
  const { sum, tokens } = sets.get(name) ?? { sum: 0, tokens: 0 };
  sets.set(name, { sum: sum + loss, tokens: tokens + 1 });
}

/** Rows whose labels are all predicted. */
function exactRows({ inputs: { labels }, labelOwners }: Pick<Batch, 'inputs' | 'labelOwners'>, predictions: Tensor): { right: number; labelled: number } {
  const exact = new Map<number, boolean>();
  labels.data.forEach((label, i) => {
    const row = labelOwners[i];
    exact.set(row, (exact.get(row) ?? true) && predictions.data[i] === label);
  });
  return { right: [...exact.values()].filter(Boolean).length, labelled: exact.size };
}
