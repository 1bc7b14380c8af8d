/** Named parameters, and the values they start from when nothing is loaded. */
import { Random } from '../util/random.js';
import { f32, type Tensor } from '../util/tensor.js';

/** How a parameter is filled when training starts from scratch. */
export type Init =
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly limit: number } // in [−limit, limit)
  | { readonly kind: 'ones' }
  | { readonly kind: 'zeros' };

/** A parameter by its Hugging Face tensor name. `decay` is false for biases and norm weights. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
  readonly decay: boolean;
  /** It is kept with the weights and never learned. */
  readonly constant?: true;
}

/** A pure function of seed and name, so that no parameter's start depends on which others there are. */
export function initialValue({ name, shape, init }: ParameterSpec, seed: number): Tensor<'f32'> {
  const tensor = f32(shape);
  const random = new Random(seed, 'parameter', name);
  switch (init.kind) {
    case 'normal':
      return fill(tensor, () => init.std * random.normal());
    case 'uniform':
      return fill(tensor, () => init.limit * (2 * random.uniform() - 1));
    case 'ones':
      return fill(tensor, () => 1);
    case 'zeros':
      return tensor;
  }
}

function fill(tensor: Tensor<'f32'>, next: () => number): Tensor<'f32'> {
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = next();
  return tensor;
}
