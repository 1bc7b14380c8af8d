/** What it takes to let a model answer the rows that it is evaluated on, before it does. */
import type { Experiment } from '../../config/schema.js';
import { questionOf } from '../../data/questions.js';
import type { EncodedRows } from '../../data/rows.js';
import { cost } from '../../graph/cost.js';
import type { Fn } from '../../graph/node.js';
import type { Model } from '../../models/contract.js';
import { generationConfig } from '../../models/generation.js';
import { bytesOf } from '../../util/tensor.js';
import { predictGeneration, predictOptions } from './predict.js';

/** Tokens of the longest prompt and of the longest answer of some rows, and how many rows they are. */
interface Lengths {
  readonly rows: number;
  readonly prompt: number;
  readonly answer: number;
}

/** Of the rows that were looked at last, so that a screen can ask at every key. */
const remembered = new WeakMap<EncodedRows, { readonly maxRows: number | null; readonly found: Lengths }>();

function lengthsOf(rows: EncodedRows, maxRows: number | null): Lengths {
  const known = remembered.get(rows);
  if (known?.maxRows === maxRows) return known.found;
  const count = Math.min(rows.length, maxRows ?? Infinity);
  let [prompt, answer] = [0, 0];
  for (let row = 0; row < count; row++) {
    const question = questionOf(rows, row);
    if (question === null) continue;
    [prompt, answer] = [Math.max(prompt, question.prompt.length), Math.max(answer, question.answer.length)];
  }
  const found = { rows: count, prompt, answer };
  remembered.set(rows, { maxRows, found });
  return found;
}

/**
 * The most bytes of a batch of answers: of its prompts, read at once, or of its last token, when the keys and values of all tokens
 * before it go into the engine and come out again, and are copied from there. `rows` null: they are not known, and each is taken to be
 * of `max_length`.
 */
export function answeringBytes(forward: Fn, { experiment, model }: { readonly experiment: Experiment; readonly model: Model }, rows: EncodedRows | null): number {
  const { batchSize, maxRows, maxNewTokens } = predictOptions(experiment);
  const { numBeams, maxNewTokens: usual } = predictGeneration(experiment, generationConfig(experiment.model, model));
  const { max_length } = experiment;
  const lengths = rows === null ? { rows: maxRows ?? Infinity, prompt: max_length, answer: max_length } : lengthsOf(rows, maxRows);
  const said = maxNewTokens ?? usual ?? lengths.answer;
  const B = numBeams > 1 ? numBeams : Math.min(batchSize, lengths.rows);
  const opening = model.encoderDecoder ? 1 : Math.min(lengths.prompt, model.contextLength);
  const held = Math.min(opening + said, model.contextLength) - 1; // the last token is not read
  const bytes = (T: number, P: number): number => cost(forward, { B, T, P, S: lengths.prompt }).peakBytes;
  // Beams that go on from one another are copied on their way in, too.
  const copies = numBeams > 1 ? 2 : 1;
  return Math.max(bytes(opening, 0), bytes(1, held) + copies * B * (held + 1) * cacheBytes(model));
}

/** Keys and values of a token. */
function cacheBytes({ encoderDecoder, layerCount, keyValueHeads, headSize }: Model): number {
  return 2 * (encoderDecoder?.decoderLayers ?? layerCount) * keyValueHeads * headSize * bytesOf.f32;
}
