/** What a model is asked to predict, and where: it decides the head, the batch and what an evaluation means. */
import type { Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import type { RawConfig } from './config.js';
import type { Model, Task } from './contract.js';

/** What a model is read for; a folder that is only looked at is read for what its config names. */
export type Purpose = Pick<Experiment, 'stage'> & { readonly labels: readonly string[] | null };

export function purposeOf({ stage, dataset }: Pick<Experiment, 'stage' | 'dataset'>): Purpose {
  return { stage, labels: dataset.labels };
}

const stagesOf: { readonly [K in Task]: readonly Experiment['stage'][] } = {
  'next-token': ['sft', 'pretrain'],
  'target-text': ['seq2seq'],
  'masked-token': ['mlm'],
  class: ['classify'],
};

/** The stage of a model that nobody has said one for. */
export function defaultStage({ stages, task }: Pick<Model, 'stages' | 'task'>): Experiment['stage'] {
  return stages.find((stage) => stagesOf[task].includes(stage)) ?? stagesOf[task][0];
}

/** Throws a UserError where a model cannot do what a stage asks. */
export function checkStage({ modelType, task, stages }: Pick<Model, 'modelType' | 'task' | 'stages'>, { stage }: Purpose): void {
  if (stagesOf[task].includes(stage) && stages.includes(stage)) return;
  throw new UserError(`stage ${stage} is not for a ${modelType} model; set stage: ${stages.join(' or ')}`);
}

/** Whether it says words one after the other: it can be asked to write. */
export function writes({ task }: Pick<Model, 'task'>): boolean {
  return task === 'next-token' || task === 'target-text';
}

/** Of a family that says the next token and nothing else. */
export const saysNextToken = {
  task: 'next-token', stages: stagesOf['next-token'], classes: [],
  encoderDecoder: null, answerStartId: null,
  newModules: [], headModules: [],
} as const satisfies Partial<Model>;

/** Names of the classes by number: those given, or those of the config; UserError where neither says. */
export function classesOf({ id2label, num_labels: count, architectures }: RawConfig, purpose: Purpose | null): readonly string[] {
  if (purpose?.labels) return purpose.labels;
  if (typeof id2label === 'object' && id2label !== null) return Object.entries(id2label).sort(([a], [b]) => Number(a) - Number(b)).map(([, name]) => String(name));
  const isClassifier = Array.isArray(architectures) && architectures.some((name) => String(name).endsWith('ForSequenceClassification'));
  const known = typeof count === 'number' ? count : isClassifier ? 2 : 0; // Transformers writes no names where they are its own two
  if (known > 0) return Array.from({ length: known }, (_, i) => `LABEL_${i}`);
  throw new UserError('its config names no classes (id2label); give their names in the order of their numbers as dataset.labels: [negative, positive]');
}

/** A config that Transformers loads as a classifier of these classes. */
export function classifierConfig(raw: RawConfig, architecture: string, classes: readonly string[]): RawConfig {
  return {
    ...raw,
    architectures: [architecture],
    id2label: Object.fromEntries(classes.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(classes.map((name, i) => [name, i])),
    problem_type: 'single_label_classification',
  };
}
