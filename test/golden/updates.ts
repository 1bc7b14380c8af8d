/** The updates that trainer.py makes, made here. */
import type { Executable } from '../../src/engine/contract.js';
import { clipFactor } from '../../src/optim/norm.js';
import { learningRateAt } from '../../src/optim/schedule.js';
import { scalar } from '../../src/util/tensor.js';
import { beta1, beta2, labelFeeds, tokenFeeds } from './support.js';

export interface Golden {
  readonly settings: {
    readonly learning_rate: number;
    readonly lr_scheduler_type: 'cosine';
    readonly warmup_steps: number;
    readonly weight_decay: number;
    readonly max_grad_norm: number;
    readonly updates: number;
    readonly accumulation: number;
    readonly batch: number;
  };
  readonly rows: { readonly input_ids: number[]; readonly prompt: number }[];
  readonly losses: number[];
  readonly grad_norms: number[];
  readonly learning_rates: number[];
}

/** One micro-batch with its labels weighted by the labels of the whole update. */
function feeds(rows: Golden['rows'], labelCount: number) {
  const length = Math.max(...rows.map(({ input_ids }) => input_ids.length));
  const pad = (values: number[], value: number) => [...values, ...new Array<number>(length - values.length).fill(value)];
  const ids = rows.map(({ input_ids }) => pad(input_ids, 0));
  const mask = rows.map(({ input_ids }) => pad(input_ids.map(() => 1), 0));
  const labels = rows.map(({ input_ids, prompt }) => pad(input_ids.map((id, t) => (t < prompt ? -100 : id)), -100));
  return { ...tokenFeeds(ids, mask), ...labelFeeds(labels, 1 / labelCount) };
}

/** Loss, gradient norm and rate of each update, as a program with `micro_step`, `grad_norm` and `update` makes them. */
export async function runUpdates(executable: Executable, { settings, rows }: Golden) {
  const points: { loss: number; norm: number; rate: number }[] = [];
  const perUpdate = settings.batch * settings.accumulation;
  for (let update = 0; update < settings.updates; update++) {
    const taken = rows.slice(update * perUpdate, (update + 1) * perUpdate);
    const labelCount = taken.reduce((sum, { input_ids, prompt }) => sum + input_ids.length - prompt, 0);
    let loss = 0;
    for (let i = 0; i < perUpdate; i += settings.batch) {
      loss += (await executable.run('micro_step', feeds(taken.slice(i, i + settings.batch), labelCount))).loss.data[0];
    }
    const norm = (await executable.run('grad_norm', {})).norm.data[0];
    const rate = learningRateAt({ ...settings, warmup_ratio: 0 }, update, settings.updates);
    await executable.run('update', {
      learning_rate: scalar(rate),
      clip: scalar(clipFactor(norm, settings.max_grad_norm)),
      bias_correction1: scalar(1 - beta1 ** (update + 1)),
      bias_correction2: scalar(1 - beta2 ** (update + 1)),
    });
    points.push({ loss, norm, rate });
  }
  return points;
}

/**
 * A bias on keys moves no softmax: its gradient is rounding noise, which Adam scales to steps of full size. Without that
 * third of GPT-2's c_attn.bias, [query | key | value].
 */
export function meant(name: string, values: ArrayLike<number>): number[] {
  const third = values.length / 3;
  return Array.from(values).filter((_, i) => !name.endsWith('c_attn.bias') || i < third || i >= 2 * third);
}
