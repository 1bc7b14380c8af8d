import type { Batch } from '../data/batch/collate.js';
import type { UpdateBatch } from '../data/batch/loader.js';
import { clipFactor } from '../optim/norm.js';
import { learningRateAt } from '../optim/schedule.js';
import { scalar, type Tensor } from '../util/tensor.js';
import { drawMasks } from './dropout.js';
import { chunkFeeds } from './labels.js';
import { canShrink, GradientOverflow, noLossScale, type LossScale } from './recovery/loss-scale.js';
import type { UpdateFigures } from './meter.js';
import { drawNoise, type NoiseInput } from './neftune.js';
import { optimizerOf } from './optimizer.js';
import { RefusedUpdate } from './recovery/refusal.js';
import type { Session } from './session.js';

/** What an update needs of a session. */
export type Trainable = Pick<Session, 'executable' | 'masks' | 'labelChunks' | 'totalSteps'> & { readonly experiment: Pick<Session['experiment'], 'train'>; readonly noise?: NoiseInput | null };

export interface Turn {
  /** Updates before this one. */
  readonly step: number;
  /** A mean loss above it is a spike; null: none is. */
  readonly lossLimit: number | null;
  /** What the scheduled rate is multiplied by. */
  readonly rateFactor: number;
  /** Left out: losses are not scaled. */
  readonly lossScale?: LossScale;
  interrupted(): boolean;
}

/**
 * One update: every micro-batch adds the gradient of
 *   loss = Σ weight · cross-entropy / Σ weight, over all label tokens of the update; a weight is 1 unless the data has others
 * then the optimizer runs once on the sum. Returns null, with the weights untouched, when `interrupted` says so
 * between micro-batches. Throws RefusedUpdate before the weights would take a loss that is not a number, or a spike, and
 * GradientOverflow where a smaller loss scale may do.
 */
export async function runUpdate(session: Trainable, { microBatches }: Pick<UpdateBatch, 'microBatches'>, { step, lossLimit, rateFactor, lossScale = noLossScale, interrupted }: Turn): Promise<UpdateFigures | null> {
  const { executable, experiment, masks, labelChunks, noise = null } = session;
  const config = experiment.train;
  const weight = microBatches.reduce((sum, batch) => sum + batch.weight, 0);
  const tokens = microBatches.reduce((sum, { tokenCount }) => sum + tokenCount, 0);

  const { scale } = lossScale;
  let loss = 0;
  /** The mean loss of each micro-batch. */
  const means: number[] = [];
  for (const [index, batch] of microBatches.entries()) {
    if (batch.labelCount === 0) continue;
    if (interrupted()) return null;
    const scaled = valueOf((await executable.run('micro_step', { ...readInputs(batch.inputs), ...chunkFeeds(batch, scale / weight, labelChunks), ...drawMasks(masks, extentOf(batch.inputs), [config.seed, step, index]), ...(noise === null ? {} : drawNoise(noise, batch.inputs.segments, { alpha: config.neftune_noise_alpha ?? 0, key: [config.seed, step, index] })) })).loss);
    const part = scaled / scale; // exact: a power of two
    if (!Number.isFinite(part)) throw new RefusedUpdate({ update: step + 1, limit: null, loss: part, grad_norm: null }, [microBatches[index]]);
    loss += part;
    means[index] = (part * weight) / batch.weight;
  }

  const worstFirst = () => microBatches.map((batch, index) => ({ batch, mean: means[index] ?? 0 })).sort((a, b) => b.mean - a.mean).map(({ batch }) => batch);
  if (lossLimit !== null && loss > lossLimit) throw new RefusedUpdate({ update: step + 1, limit: lossLimit, loss, grad_norm: null }, worstFirst());
  const gradNorm = valueOf((await executable.run('grad_norm', {})).norm) / scale;
  if (!Number.isFinite(gradNorm) && canShrink(lossScale)) throw new GradientOverflow(`gradients overflow at a loss scale of ${scale}`);
  if (!Number.isFinite(gradNorm)) throw new RefusedUpdate({ update: step + 1, limit: null, loss, grad_norm: gradNorm }, worstFirst());
  const made = step - lossScale.skipped;
  const learningRate = rateFactor * learningRateAt(config, made, session.totalSteps);
  await executable.run('update', {
    learning_rate: scalar(learningRate),
    clip: scalar(clipFactor(gradNorm, config.max_grad_norm) / scale),
    ...Object.fromEntries(Object.entries(optimizerOf(config).feeds(config, made + 1)).map(([name, value]) => [name, scalar(value)])),
  });
  return { lossSum: loss * weight, weight, tokens, gradNorm, learningRate };
}

/** Forgets what an update that could not be finished has summed. */
export async function clearGradients({ executable }: Pick<Session, 'executable'>): Promise<void> {
  await executable.run('clear', {});
}

/** What the model reads; labels go another way, in chunks. */
function readInputs(inputs: Batch['inputs']): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== 'label_rows' && name !== 'labels'));
}

/** Values for the symbols that dropout's shapes are made of. */
function extentOf({ input_ids, source_ids }: Pick<Batch['inputs'], 'input_ids' | 'source_ids'>): Readonly<Record<string, number>> {
  const [B, T] = input_ids.shape;
  return source_ids === undefined ? { B, T } : { B, T, S: source_ids.shape[1] };
}

function valueOf(tensor: Tensor): number {
  return tensor.data[0];
}
