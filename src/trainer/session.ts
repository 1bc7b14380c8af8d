/** Everything a run needs before its first step: model, data, program and the engine that holds them. */
import type { Experiment } from '../config/schema.js';
import { dataBytes, type PreparedDataset } from '../data/dataset.js';
import { placeText } from '../data/source/row.js';
import { layoutOf, type Layout } from '../data/batch/layout.js';
import type { Loader } from '../data/batch/loader.js';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer/index.js';
import type { Executable } from '../engine/contract.js';
import type { Fn } from '../graph/node.js';
import { topological } from '../graph/walk.js';
import type { DropoutMask } from '../lora/adapt.js';
import type { Model } from '../models/contract.js';
import { readModel, withClasses } from '../models/registry.js';
import { purposeOf, writes } from '../models/task.js';
import { lackingParameters } from '../models/weights.js';
import { formatBytes } from '../util/format.js';
import { UserError } from '../util/errors.js';
import { calibrated } from './calibration.js';
import { firstWhole, type WholeCheckpoint } from './checkpoint/checkpoint.js';
import { estimate, trainingLoader, type Estimate } from './estimate.js';
import { checkAsks, checkPredicts } from './generate/predict.js';
import { initialValues } from './initial.js';
import type { NoiseInput } from './neftune.js';
import { checkJudged } from './judge.js';
import { labelChunks } from './labels.js';
import { totalUpdates } from './policy.js';
import { precisionOn } from './precision.js';
import { trainingProgram } from './program.js';
import { runRows } from './rows.js';
import type { TrainContext } from './context.js';
import { tuningOf, type Tuning } from './tuning.js';

export interface Session {
  readonly experiment: Experiment;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  readonly data: PreparedDataset;
  /** The most bytes of memory while another process tokenised the rows; 0 where none did. */
  readonly tokenisingBytes: number;
  readonly loader: Loader;
  readonly padId: number;
  readonly layout: Layout;
  readonly tuning: Tuning;
  readonly masks: readonly DropoutMask[];
  readonly noise: NoiseInput | null;
  /** In how many parts head and loss take the labels of a micro-batch. */
  readonly labelChunks: number;
  readonly executable: Executable;
  /** What computes, and why. */
  readonly engine: string;
  /** The same in two words; null when its figures teach nothing about runs like it any more. */
  readonly measured: { readonly engine: string; readonly device: string } | null;
  readonly totalSteps: number;
  readonly estimate: Estimate;
  /** The checkpoint it goes on from, else null. */
  readonly resumed: WholeCheckpoint | null;
}

/** Checks everything that can be wrong with a run before it costs time; throws UserErrors. `scratch` is a folder for the engine. */
export async function prepareSession(given: Experiment, context: TrainContext, scratch: string): Promise<Session> {
  const asked = withClasses(given);
  const model = readModel(asked.model, purposeOf(asked));
  if (!writes(model) && asked.sample.prompts.length > 0) throw new UserError(`A ${model.modelType} model of stage ${asked.stage} continues no text; leave sample.prompts out.`);
  if (asked.train.predict_with_generate) checkPredicts(asked, model, 'train.predict_with_generate');
  const { engine, device, reason } = await context.chooseEngine(asked.engine);
  const { precision, warning } = await precisionOn(asked, { engine, device });
  if (warning !== null && context.resumeFrom.length === 0) context.emit({ type: 'warning', message: warning });
  const experiment = { ...asked, precision };
  const tuning = tuningOf(experiment, model);
  const resumed = await firstWhole(context.resumeFrom, (message) => context.emit({ type: 'warning', message }));
  const initial = initialValues({ experiment, model, tuning, checkpoint: resumed?.folder ?? null });

  const tokenizer = await loadTokenizer(experiment.tokenizer ?? experiment.model);
  checkVocabulary(tokenizer, model);
  const { data, tokenisingBytes } = await runRows(experiment, tokenizer, context);
  for (const row of data.rejected.slice(0, 5)) context.emit({ type: 'warning', message: `Left out ${placeText(row, row.file)}: ${row.reason}` });
  if (data.rejectedCount > 5) context.emit({ type: 'warning', message: `${data.rejectedCount} rows were left out in all; workbench data lists them.` });

  checkJudged(experiment.train, data.eval?.length ?? 0);
  if (experiment.train.predict_with_generate && data.eval !== null) checkAsks(data.eval, experiment.train.max_predict_samples);
  const padId = tokenizer.fillId;
  const layout = layoutOf(experiment, tokenizer, model);
  const loader = trainingLoader(experiment, data.train, { model, padId, layout, position: resumed?.state.position });
  const raw = estimate(experiment, { model, words: tokenizer.vocabSize, data: { ...data, train: loader, encoded: data.cache === 'read' ? 0 : data.train.totalTokens }, tokenising: tokenisingBytes > 0 ? dataBytes(experiment) : 0 });
  const cost = calibrated(experiment, raw, context.measurements ?? []);
  if (!cost.fits) {
    throw new UserError(
      `The run would need ${formatBytes(cost.memory_bytes)} of memory and ${formatBytes(cost.available_memory_bytes)} are available: ${remedyOf(experiment, cost)}.`,
    );
  }

  const fresh = experiment.init === 'random' || resumed ? [] : lackingParameters(model, experiment.model);
  if (fresh.length > 0) context.emit({ type: 'warning', message: `${experiment.model} has no values for ${fresh.join(', ')}, which begin at random and have to be learned.` });

  const totalSteps = totalUpdates(experiment.train, loader.updatesPerEpoch);
  const chunks = labelChunks(loader.survey(totalSteps).largest.N, model, tuning);
  const { program, masks, noise } = trainingProgram(model, tuning, experiment.train, { recompute: cost.gradient_checkpointing, labelChunks: chunks });
  const missing = engine.unsupported(device);
  const unable = Object.values(program.functions).flatMap(unsupportedIn(new Set<string>(missing)));
  if (unable.length > 0) throw new UserError(`The engine ${engine.name} cannot compute ${[...new Set(unable)].join(', ')} on ${device}; choose engine.name: onnx.`);

  const executable = await engine.compile(program, { device, threads: experiment.engine.threads, initial, scratch });

  return { experiment, model, tokenizer, data, tokenisingBytes, loader, padId, layout, tuning, masks, noise, labelChunks: chunks, executable, engine: `${executable.description}${precision === 'f32' ? '' : `, ${precision}`} (${reason})`, measured: { engine: engine.name, device }, totalSteps, estimate: cost, resumed };
}

function remedyOf({ finetuning }: Experiment, { memory, memory_bytes }: Estimate): string {
  if (memory.activations > memory_bytes / 2) return 'lower train.per_device_train_batch_size or max_length';
  return finetuning === 'lora' ? 'lower lora.r or take a smaller model' : 'set finetuning: lora or take a smaller model';
}

function checkVocabulary(tokenizer: Tokenizer, model: Model): void {
  if (tokenizer.vocabSize > model.vocabSize) {
    throw new UserError(
      `The tokenizer knows ${tokenizer.vocabSize} tokens, but the model has embeddings for ${model.vocabSize}; give the folder of the model's own tokenizer (tokenizer: <folder>).`,
    );
  }
}

function unsupportedIn(missing: ReadonlySet<string>): (fn: Fn) => string[] {
  return (fn) => topological([...Object.values(fn.outputs), ...Object.values(fn.updates)]).flatMap(({ kind, dtype }) => [kind, dtype].filter((word) => missing.has(word)));
}
