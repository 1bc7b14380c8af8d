/** Documents that share a row learn the same as documents that have one each, in every kind of model. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { collate } from '../../src/data/batch/collate.js';
import { classOfText, type Layout, nextToken, promptAndAnswer, sourceAndTarget } from '../../src/data/batch/layout.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import type { Model } from '../../src/models/contract.js';
import { readModel } from '../../src/models/registry.js';
import { initialValues } from '../../src/trainer/initial.js';
import { chunkFeeds } from '../../src/trainer/labels.js';
import { trainingProgram } from '../../src/trainer/program.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { clearGradients } from '../../src/trainer/update.js';
import { heldRows } from '../data/held-rows.js';
import { compile, goldenFolder } from '../golden/support.js';

type Stage = 'sft' | 'seq2seq' | 'classify';

const cases: readonly (readonly [string, Stage])[] = [
  ...readdirSync(join(goldenFolder, 'models')).map((name) => [`models/${name}`, 'sft'] as const),
  ['chatglm', 'sft'],
  ['bart/plain', 'seq2seq'],
  ['bart/options', 'seq2seq'],
  ['encoders/bert-classes', 'classify'],
  ['encoders/roberta-classes', 'classify'],
];

/** Four documents of several lengths; the first two tokens of each are not learned. */
function documentsOf({ vocabSize, answerStartId }: Model, stage: Stage) {
  const highest = Math.min(vocabSize - 2, (answerStartId ?? vocabSize) - 1);
  return heldRows([5, 9, 3, 7].map((length, document) => {
    const words = Array.from({ length }, (_, i) => (document * 13 + i * 7 + 3) % highest);
    if (stage === 'classify') return { ids: [...words, document % 3], learned: length };
    return { ids: answerStartId === null ? words : [...words.slice(0, 2), answerStartId, ...words.slice(2)], learned: 2 };
  }));
}

function layoutOf({ encoderDecoder, answerStartId }: Model, stage: Stage): Layout {
  if (stage === 'classify') return classOfText;
  if (encoderDecoder !== null) return sourceAndTarget(encoderDecoder.startId);
  return answerStartId === null ? nextToken : promptAndAnswer(answerStartId);
}

it.each(cases)('%s (%s)', async (name, stage) => {
  const folder = join(goldenFolder, name);
  const experiment = parseExperiment({ model: folder, dataset: { path: 'none' }, lora: { init_lora_weights: false, target_modules: 'all-linear' } });
  const model = readModel(folder, { stage, labels: stage === 'classify' ? ['no', 'perhaps', 'yes'] : null });
  const tuning = tuningOf(experiment, model);
  const { program } = trainingProgram(model, tuning, experiment.train);
  const executable = await compile(referenceEngine, program, initialValues({ experiment, model, tuning, checkpoint: null }));
  const found: [loss: number, norm: number][] = [];
  for (const shared of [[[0], [1], [2], [3]], [[2, 0, 3], [1]], [[0, 1, 2, 3]]]) {
    const batch = collate(documentsOf(model, stage), shared, { padId: 0, layout: layoutOf(model, stage), draw: [] });
    await clearGradients({ executable });
    const { loss } = await executable.run('micro_step', { ...batch.inputs, ...chunkFeeds(batch, 1 / batch.weight, 1) });
    const { norm } = await executable.run('grad_norm', {});
    found.push([loss.data[0], norm.data[0]]);
  }
  await executable.dispose();
  const [[loss, norm]] = found;
  expect(norm).toBeGreaterThan(1e-3);
  for (const other of found) expect(other).toEqual([expect.closeTo(loss, 5), expect.closeTo(norm, 4)]);
});
