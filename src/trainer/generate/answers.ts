/** What a model answers on the way to the rows it is evaluated on, measured and kept. */
import { join } from 'node:path';
import type { EncodedRows } from '../../data/rows.js';
import { scoreTexts, type TextScores } from '../../metrics/texts.js';
import { generationConfig } from '../../models/generation.js';
import { messageOf } from '../../util/errors.js';
import type { TrainContext } from '../context.js';
import type { Session } from '../session.js';
import { asksAnything, predictGeneration, predictOptions, predictRows, writePredictions } from './predict.js';

/** The newest answers lie in the run's folder. */
const fileName = 'generated_predictions.jsonl';

/** Null where the experiment asks for no answers, or no row for one. */
export async function scoreAnswers({ experiment, executable, model, tokenizer }: Session, rows: EncodedRows, context: TrainContext, interrupted: () => boolean): Promise<TextScores | 'interrupted' | null> {
  if (!experiment.train.predict_with_generate) return null;
  if (!asksAnything(rows, experiment.train.max_predict_samples)) {
    context.emit({ type: 'warning', message: 'No row of this evaluation has a prompt before what is learned; it has no scores of answers.' });
    return null;
  }
  const generation = predictGeneration(experiment, generationConfig(experiment.model, model));
  const predictions = await predictRows({ executable, model, tokenizer, generation }, rows, { ...predictOptions(experiment), interrupted });
  if (predictions === null) return 'interrupted';
  const file = join(context.runFolder, fileName);
  try {
    await writePredictions(file, predictions);
  } catch (error) {
    context.emit({ type: 'warning', message: `The answers could not be written to ${file} (${messageOf(error)}); their scores are kept.` });
  }
  return scoreTexts(predictions);
}
