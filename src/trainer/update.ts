import type { UpdateBatch } from '../data/loader.js';
import { clipFactor } from '../optim/norm.js';
import { learningRateAt } from '../optim/schedule.js';
import { f32, scalar, type Tensor } from '../util/tensor.js';
import { drawMasks } from './dropout.js';
import type { UpdateFigures } from './meter.js';
import type { Session } from './session.js';

/** A loss or gradient that is not a number; nothing has been changed by the update that met it. */
export class NonFinite extends Error {
  override readonly name = 'NonFinite';
}

/** What an update needs of a session. */
export type Trainable = Pick<Session, 'executable' | 'masks' | 'totalSteps'> & { readonly experiment: Pick<Session['experiment'], 'train'> };

/**
 * One update: every micro-batch adds the gradient of
 *   loss = Σ cross-entropy / label tokens of the whole update
 * then AdamW runs once on the sum. Returns null, with the weights untouched, when `interrupted` says so
 * between micro-batches. Throws NonFinite before the weights would take a loss that is not a number.
 */
export async function runUpdate(session: Trainable, batch: UpdateBatch, step: number, interrupted: () => boolean): Promise<UpdateFigures | null> {
  const { executable, experiment, masks } = session;
  const config = experiment.train;
  const labels = batch.microBatches.reduce((sum, { labelCount }) => sum + labelCount, 0);
  const tokens = batch.microBatches.reduce((sum, { tokenCount }) => sum + tokenCount, 0);

  let loss = 0;
  for (const [index, { inputs, labelCount }] of batch.microBatches.entries()) {
    if (labelCount === 0) continue;
    if (interrupted()) return null;
    const [B, T] = inputs.input_ids.shape;
    const weights = f32([labelCount], new Float32Array(labelCount).fill(1 / labels));
    const result = await executable.run('micro_step', { ...inputs, label_weights: weights, ...drawMasks(masks, { B, T }, [config.seed, step, index]) });
    loss += valueOf(result.loss);
  }

  const gradNorm = valueOf((await executable.run('grad_norm', {})).norm);
  if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
    throw new NonFinite(`At update ${step + 1} the loss is ${loss} and the gradient norm ${gradNorm}; the weights before it are kept.`);
  }
  const learningRate = learningRateAt(config, step, session.totalSteps);
  await executable.run('update', {
    learning_rate: scalar(learningRate),
    clip: scalar(clipFactor(gradNorm, config.max_grad_norm)),
    bias_correction1: scalar(1 - config.adam_beta1 ** (step + 1)),
    bias_correction2: scalar(1 - config.adam_beta2 ** (step + 1)),
  });
  return { lossSum: loss * labels, labels, tokens, gradNorm, learningRate };
}

/** Forgets what an update that could not be finished has summed. */
export async function clearGradients({ executable, tuning }: Pick<Session, 'executable' | 'tuning'>): Promise<void> {
  for (const { name, shape } of tuning.trainable) await executable.write(`${name}.grad`, f32(shape));
}

function valueOf(tensor: Tensor): number {
  return tensor.data[0];
}
