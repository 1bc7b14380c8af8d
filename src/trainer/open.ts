/** Opens a model to look at or to use, without training it: for `eval`, `generate` and the playground. */
import type { EngineConfig, Experiment } from '../config/schema.js';
import { prepareEvaluation } from '../data/dataset.js';
import { evaluationSource, type EvaluationSource } from '../data/evaluation.js';
import { layoutOf } from '../data/batch/layout.js';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer/index.js';
import type { Executable } from '../engine/contract.js';
import { savedName } from '../lora/names.js';
import { checkAdapter, readAdapter } from '../lora/peft.js';
import type { Model } from '../models/contract.js';
import { readModel, withClasses } from '../models/registry.js';
import { type Purpose, writes } from '../models/task.js';
import { scoreTexts, type TextScores } from '../metrics/texts.js';
import { UserError } from '../util/errors.js';
import { evaluateRows, type Evaluation } from './evaluate.js';
import { fillingOf } from './filling.js';
import { generationConfig, type GenerationConfig } from '../models/generation.js';
import type { Generation } from './generate/beams.js';
import { continuation, generateTokens, stopIdsOf, type GenerateOptions } from './generate/generate.js';
import { predictGeneration, predictOptions, predictRows, type Prediction, type PredictOptions } from './generate/predict.js';
import { inferenceValues } from './initial.js';
import { precisionOn } from './precision.js';
import { inferenceProgram } from './program.js';
import type { ChosenEngine } from './context.js';
import { tuningOf, untuned } from './tuning.js';

export interface OpenOptions {
  readonly model: string;
  /** What it is read for; null: what its config names. */
  readonly purpose: Purpose | null;
  /** A PEFT adapter folder, or null for the base. */
  readonly adapter: string | null;
  /** A folder with another tokenizer, or null for the model's. */
  readonly tokenizer: string | null;
  /** How the base's weights are held. */
  readonly quantization: Experiment['quantization'];
  readonly precision: Experiment['precision'];
  readonly engine: EngineConfig;
  chooseEngine(config: EngineConfig): Promise<ChosenEngine>;
  /** A folder for the engine's files, removed by the caller. */
  readonly scratch: string;
}

export interface OpenModel {
  readonly model: Model;
  /** What its folder says of how its texts are chosen. */
  readonly generation: GenerationConfig;
  readonly tokenizer: Tokenizer;
  readonly executable: Executable;
  /**
   * Puts another adapter in place of the one it was opened with; null: none, so that it answers as the base alone would, of
   * whose weights there is one copy. Throws a UserError where that adapter changes other layers, or has another rank or scale.
   */
  wear(adapter: string | null): Promise<void>;
  close(): Promise<void>;
}

export async function openModel(options: OpenOptions): Promise<OpenModel> {
  const model = readModel(options.model, options.purpose);
  const tokenizer = await loadTokenizer(options.tokenizer ?? options.model);
  const adapter = options.adapter === null ? null : readAdapter(options.adapter);
  const { engine, device } = await options.chooseEngine(options.engine);
  const { precision } = await precisionOn(options, { engine, device });
  const held = { quantization: options.quantization, precision };
  const tuning = adapter ? tuningOf({ finetuning: 'lora', lora: adapter.config, freeze: { num_trainable_layers: 1 }, ...held }, model) : untuned(model, held);
  const { initial, without } = inferenceValues({ model, folder: options.model, tuning, adapter });
  const executable = await engine.compile(inferenceProgram(model, tuning), { device, threads: options.engine.threads, initial, scratch: options.scratch });
  return {
    model, generation: generationConfig(options.model, model), tokenizer, executable,
    async wear(folder) {
      const worn = folder === null ? null : readAdapter(folder);
      if (worn) checkAdapter(worn.folder, tuning.trainable, adapter?.config ?? worn.config);
      for (const parameter of tuning.trainable) await executable.write(parameter.name, worn?.tensors.get(savedName(parameter.name)) ?? without(parameter));
    },
    close: () => executable.dispose(),
  };
}

export interface DatasetEvaluation extends Evaluation {
  /** Where its rows are from. */
  readonly source: EvaluationSource;
  /** What the model answered to them, where it was asked to, and how near that is. */
  readonly answers: { readonly predictions: readonly Prediction[]; readonly scores: TextScores } | null;
}

/**
 * Loss, perplexity and exact rows over the evaluation rows of an experiment, and, with `predict_with_generate`, the scores of its answers
 * to them. Throws a UserError where it sets none apart. `onAnswered` is told how many of how many rows are answered.
 */
export async function evaluateDataset(open: OpenModel, experiment: Experiment, cacheFolder: string, onAnswered?: PredictOptions['onProgress']): Promise<DatasetEvaluation> {
  const { train, dataset, stage } = experiment;
  const layout = layoutOf(experiment, open.tokenizer, open.model);
  const rows = await prepareEvaluation(withClasses(experiment), open.tokenizer, { cacheFolder });
  const source = evaluationSource(dataset, stage);
  if (rows === null || source === null) throw new UserError('its experiment sets no rows apart to evaluate on: say which with --dataset');
  const result = await evaluateRows(open.executable, rows, { batchSize: train.per_device_eval_batch_size, vocabSize: open.model.vocabSize, padId: open.tokenizer.fillId, layout, ...fillingOf(experiment, open.model) });
  if (result === null || result.rows === 0) throw new UserError(`${dataset.eval ?? dataset.path} has no tokens to evaluate: every row is empty or too long`);
  if (!train.predict_with_generate) return { ...result, source, answers: null };
  const predictions = await predictRows({ ...open, generation: predictGeneration(experiment, open.generation) }, rows, { ...predictOptions(experiment), onProgress: onAnswered });
  return { ...result, source, answers: predictions && { predictions, scores: scoreTexts(predictions) } };
}

/** New tokens where neither the asking nor the model says how many. */
const usualLength = 64;

export interface ContinueOptions extends Omit<GenerateOptions, 'stopIds' | 'onToken' | 'generation' | 'maxNewTokens'> {
  /** Left out: what the model's folder says, else 64. */
  readonly maxNewTokens?: number;
  /** What goes before the habits that the model's folder names. */
  readonly generation?: Partial<GenerationConfig>;
  /** The prompt is what a user says: the tokenizer's chat template goes around it. */
  readonly chat?: boolean;
  /** A text at which to end; it is not part of the result, though its tokens are. */
  readonly stop?: string;
  /** False: the tokenizer adds nothing before the prompt. Default true; without meaning in a chat, which writes all of it. */
  readonly special?: boolean;
  /** Gets each new piece as it comes, with the number of tokens so far. */
  onText?(piece: string, tokens: number): void;
}

/** How many of the last characters of `text` are the beginning of `stop`. */
function begunLength(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}

/** Continues a text. */
export async function continueText(open: OpenModel, prompt: string, { chat = false, special = true, generation: asked = {}, maxNewTokens, stop, ...options }: ContinueOptions): Promise<Generation & { text: string; prompt_tokens: number }> {
  const { model, tokenizer, executable } = open;
  if (!writes(model)) throw new UserError(`A ${model.modelType} model continues no text: it was made to fill in or to classify.`);
  const text = chat ? tokenizer.chat([{ role: 'user', content: prompt }], { addGenerationPrompt: true }) : prompt;
  const ids = [...(await tokenizer.encode(text, { special: special && !chat }))];
  if (ids.length === 0) throw new UserError('The prompt has no tokens; give some text with --prompt.');
  if (ids.length + (model.encoderDecoder ? 0 : 1) > model.contextLength) throw new UserError(`The prompt has ${ids.length} tokens, but the model holds ${model.contextLength}; shorten it.`);
  const said: number[] = [];
  const before = (text: string): string => (stop !== undefined && text.includes(stop) ? text.slice(0, text.indexOf(stop)) : text);
  /** Without an end with which `stop` may have begun. */
  const settled = (text: string): string => text.slice(0, text.length - begunLength(text, stop ?? ''));
  let ended = false;
  let shown = 0;
  const show = (text: string) => {
    options.onText?.(text.slice(shown), said.length);
    shown = text.length;
  };
  const onToken = (id: number) => {
    said.push(id);
    const text = continuation(tokenizer, model, ids, said);
    ended = before(text) !== text;
    if (!text.endsWith('\ufffd')) show(ended ? before(text) : settled(text)); // a token may end inside a character: show only what can no longer change
  };
  const generation = { ...open.generation, ...asked };
  const result = await generateTokens(executable, model, ids, { ...options, maxNewTokens: maxNewTokens ?? generation.maxNewTokens ?? usualLength, generation, stopIds: stopIdsOf(generation, tokenizer), onToken, interrupted: () => ended || options.interrupted?.() === true });
  const answer = before(continuation(tokenizer, model, ids, result.ids));
  show(answer);
  return { ...result, stopped: ended ? 'end' : result.stopped, text: answer, prompt_tokens: ids.length };
}
