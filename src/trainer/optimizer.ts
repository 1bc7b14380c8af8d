/** The optimizers, one a row: what they compute, what they remember, what they are fed. */
import type { TrainConfig } from '../config/schema.js';
import { Builder } from '../graph/builder.js';
import type { Fn, Variable } from '../graph/node.js';
import type { ParameterSpec } from '../models/contract.js';
import { adafactorDecay, adafactorState, adafactorUpdate } from '../optim/adafactor.js';
import { adamwUpdate, type Learning } from '../optim/adamw.js';
import { momentsOf, type MomentDType } from '../optim/moments.js';

export interface Optimizer {
  /** The function `update` on the sums of gradients, and the variables that it keeps beside the parameters. */
  update(trainable: readonly ParameterSpec[], config: TrainConfig): { readonly fn: Fn; readonly state: readonly Variable[] };
  /** Its moments of a parameter. */
  moments(parameter: ParameterSpec): readonly Variable[];
  /** What `update` takes beside `learning_rate` and `clip`, for the t-th update, from 1. */
  feeds(config: TrainConfig, update: number): Readonly<Record<string, number>>;
}

const optimizers: { readonly [O in TrainConfig['optim']]: Optimizer } = {
  adamw: adamw('f32'),
  adamw_8bit: adamw('u8'),
  adafactor: {
    update(trainable, config) {
      const g = new Builder();
      return adafactorUpdate(g, { variables: learning(g, trainable, config), weightDecay: config.weight_decay });
    },
    moments: adafactorState,
    feeds: (_config, update) => ({ decay: adafactorDecay(update) }),
  },
};

export function optimizerOf({ optim }: Pick<TrainConfig, 'optim'>): Optimizer {
  return optimizers[optim];
}

/** All that is remembered of these parameters. */
export function optimizerState(trainable: readonly ParameterSpec[], config: Pick<TrainConfig, 'optim'>): Variable[] {
  return trainable.flatMap((parameter) => optimizerOf(config).moments(parameter));
}

function adamw(moments: MomentDType): Optimizer {
  return {
    update(trainable, config) {
      const g = new Builder();
      const { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: epsilon, weight_decay: weightDecay } = config;
      return adamwUpdate(g, { variables: learning(g, trainable, config), beta1, beta2, epsilon, weightDecay, moments });
    },
    moments: (parameter) => momentsOf(parameter, moments).variables,
    feeds: ({ adam_beta1, adam_beta2 }, update) => ({ bias_correction1: 1 - adam_beta1 ** update, bias_correction2: 1 - adam_beta2 ** update }),
  };
}

/**
 * With a `loraplus_lr_ratio` λ, matrices B of an adapter, and vectors beside them, learn at λ times the rate (LoRA+: Hayou et
 * al., 2024, arXiv:2402.12354; the groups of PEFT's `create_loraplus_optimizer`).
 */
function learning(g: Builder, trainable: readonly ParameterSpec[], { loraplus_lr_ratio: ratio }: TrainConfig): Learning[] {
  const isFast = ({ name, shape }: ParameterSpec): boolean => name.includes('lora_B') || shape.length === 1;
  return trainable.map((parameter) => ({ node: g.variable(parameter.name, parameter.shape), decay: parameter.decay, rate: ratio !== null && isFast(parameter) ? ratio : 1 }));
}
