/** A model as ONNX with a key-value cache, under the names that Optimum gives and transformers.js asks for. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeOnnx, type Source } from '../engine/onnx/file.js';
import { Builder } from '../graph/builder.js';
import type { Fn } from '../graph/node.js';
import { makeFn } from '../graph/program.js';
import type { Model } from '../models/contract.js';
import { logitsOf } from '../nn/head.js';
import { heldCache } from '../trainer/generate/forward.js';
import { UserError } from '../util/errors.js';
import type { Tensor } from '../util/tensor.js';

export interface OnnxModel {
  readonly model: Model;
  read(parameter: string): Tensor<'f32'>;
  /** Where `generation_config.json` may be. */
  readonly base: string;
  readonly inFileBytes?: number;
}

/** What a browser can still hold as one buffer, and protobuf as one message. */
const defaultInFileBytes = 1.5e9;

/** Whether a key-value cache means anything to it. */
export function continuesTexts({ task, answerStartId }: Model): boolean {
  return task === 'next-token' && answerStartId === null;
}

/** `onnx/model.onnx` (with `model.onnx_data` where the weights are large), config.json and generation_config.json. */
export async function writeOnnxModel(folder: string, { model, read, base, inFileBytes = defaultInFileBytes }: OnnxModel): Promise<void> {
  if (!continuesTexts(model)) throw new UserError(`--format onnx is for models that continue a text from left to right, which this ${model.modelType} model does not. --format merged writes a folder that Optimum exports`);
  await mkdir(join(folder, 'onnx'));
  const isApart = await writeOnnx(join(folder, 'onnx', 'model.onnx'), {
    fn: causalFn(model),
    inputs: sourcesOf(model),
    outputName: (name) => name,
    dims: { B: 'batch_size', T: 'sequence_length', P: 'past_sequence_length', 'P+T': 'total_sequence_length' },
    read,
    inFileBytes,
  });
  await writeJson(join(folder, 'config.json'), onnxConfig(model, isApart));
  await writeJson(join(folder, 'generation_config.json'), await generationConfig(model, base));
}

/**
 *   in   input_ids, positions [B, T]; key_positions, key_segments [B, P+T]; past.<layer>.key|value [B, kvHeads, P, headSize]
 *   out  logits [B, T, V]; present.<layer>.key|value [B, kvHeads, P+T, headSize]
 */
function causalFn(model: Model): Fn {
  const g = new Builder();
  const [ids, positions] = ['input_ids', 'positions'].map((name) => g.input(name, ['B', 'T'], 'i32'));
  const cache = heldCache(g, model);
  const segments = g.broadcast(g.constant(1, [], 'i32'), ['B', 'T']); // what is masked is segment 0, among the keys
  const { hidden, head } = model.forward(g, { ids, positions, segments, cache });
  const logits = logitsOf(g, g.reshape(hidden, ['B*T', model.hiddenSize]), head); // [B*T, V]
  return makeFn('forward', { logits: g.reshape(logits, ['B', 'T', logits.shape[1]]), ...cache.present });
}

function sourcesOf({ layerCount }: Model): Record<string, Source> {
  const layers = Array.from({ length: layerCount }, (_, layer) => ['key', 'value'].map((part) => `${layer}.${part}`)).flat();
  return {
    input_ids: { name: 'input_ids', as: 'integers' },
    key_segments: { name: 'attention_mask', as: 'integers' },
    key_positions: { name: 'attention_mask', as: 'places' },
    positions: { name: 'position_ids', as: 'integers' },
    ...Object.fromEntries(layers.map((name): [string, Source] => [`past.${name}`, { name: `past_key_values.${name}`, as: 'same' }])),
  };
}

/** With what transformers.js reads and a config may leave to be understood. */
function onnxConfig({ config, keyValueHeads, headSize }: Model, isApart: boolean): object {
  const understood = 'num_attention_heads' in config ? { num_key_value_heads: keyValueHeads, head_dim: headSize } : {};
  return { ...understood, ...withoutNull(config), 'transformers.js_config': { dtype: 'fp32', ...(isApart ? { use_external_data_format: true } : {}) } };
}

/** That of the base model; else what its config says of the ends of a text. */
async function generationConfig({ bosTokenId, eosTokenIds }: Model, base: string): Promise<object> {
  const text = await readFile(join(base, 'generation_config.json'), 'utf8').catch(() => null);
  if (text !== null) return JSON.parse(text) as object;
  return { _from_model_config: true, ...(bosTokenId === null ? {} : { bos_token_id: bosTokenId }), ...(eosTokenIds.length === 0 ? {} : { eos_token_id: eosTokenIds.length === 1 ? eosTokenIds[0] : eosTokenIds }) };
}

function withoutNull(config: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}

async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
