/** Which of `train.lr_scheduler_kwargs` a schedule takes; names and meaning are those of Transformers' `get_scheduler`. */
import type { TrainConfig } from './schema.js';

export type ScheduleType = TrainConfig['lr_scheduler_type'];
export type ScheduleOption = keyof TrainConfig['lr_scheduler_kwargs'];

/** In the order of the schema. */
export const scheduleOptions: { readonly [K in ScheduleType]: readonly ScheduleOption[] } = {
  linear: [],
  cosine: ['num_cycles'],
  cosine_with_restarts: ['num_cycles'],
  cosine_with_min_lr: ['num_cycles', 'min_lr', 'min_lr_rate'],
  polynomial: ['lr_end', 'power'],
  inverse_sqrt: ['timescale'],
  warmup_stable_decay: ['num_decay_steps', 'num_stable_steps', 'warmup_type', 'decay_type', 'min_lr_ratio', 'num_cycles'],
  constant: [],
  constant_with_warmup: [],
  reduce_lr_on_plateau: ['factor', 'patience', 'threshold', 'cooldown', 'min_lr'],
};

/** Where Transformers' polynomial schedule ends if nothing is said. */
export const polynomialEnd = 1e-7;

const group = 'train.lr_scheduler_kwargs.';

/** Whether a knob means something beside this schedule: true for all that are no option of a schedule. */
export function isMeantBy(schedule: unknown, key: string): boolean {
  if (!key.startsWith(group)) return true;
  const options = Object.entries(scheduleOptions).find(([type]) => type === schedule)?.[1] ?? [];
  return options.some((option) => group + option === key);
}

type Schedule = Pick<TrainConfig, 'lr_scheduler_type' | 'lr_scheduler_kwargs'>;

/** An option that is given and not taken by the schedule, with a sentence that says by which it is; null: all is well. */
export function strayOption({ lr_scheduler_type: schedule, lr_scheduler_kwargs: given }: Schedule): { readonly option: ScheduleOption; readonly sentence: string } | null {
  const taken = scheduleOptions[schedule];
  const stray = (Object.keys(given) as ScheduleOption[]).find((option) => given[option] !== null && !taken.includes(option));
  if (stray === undefined) return null;
  const takers = Object.entries(scheduleOptions).flatMap(([type, options]) => (options.includes(stray) ? [type] : []));
  return { option: stray, sentence: `\`${group}${stray}\` is for ${takers.join(', ')}, and the schedule is ${schedule}: remove it, or change train.lr_scheduler_type` };
}
