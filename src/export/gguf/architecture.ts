/** Families as llama.cpp knows them: their facts, and the names and layouts of their tensors. */
import { z } from 'zod';
import type { Model } from '../../models/contract.js';
import { UserError } from '../../util/errors.js';
import type { Tensor } from '../../util/tensor.js';
import { float, type Fact, u32, word } from './file.js';

/** Source: convert_hf_to_gguf.py and gguf-py/gguf/constants.py of llama.cpp. */
export interface Architecture {
  /** `general.architecture`, and what its facts begin with. */
  readonly name: string;
  readonly facts: Readonly<Record<string, Fact>>;
  /** A parameter's name without `.weight` or `.bias`; null where it has none. */
  tensorName(module: string): string | null;
  /** Rows of a linear map [out, …] in llama.cpp's order. */
  rows(module: string, tensor: Tensor<'f32'>): Tensor<'f32'>;
}

/** Throws UserError for a family that is not exported, or a config that llama.cpp does not compute. */
export function architectureOf(model: Model): Architecture {
  const make = families[model.modelType];
  if (make === undefined) throw new UserError(`${model.modelType} models are not exported as GGUF; those are: ${Object.keys(families).join(', ')}. --format merged writes one that llama.cpp's own converter may know`);
  return make(model);
}

/** Whether `architectureOf` knows it. */
export function isInGguf(model: Model): boolean {
  try {
    return architectureOf(model) !== null;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

const families: Readonly<Record<string, (model: Model) => Architecture>> = {
  gpt2,
  llama: (model) => llamaLike(model, { name: 'llama', interleaved: true }),
  mistral: (model) => llamaLike(model, { name: 'llama', interleaved: true }),
  qwen2: (model) => llamaLike(model, { name: 'qwen2', interleaved: false }),
  qwen3: (model) => llamaLike(model, { name: 'qwen3', interleaved: false }),
};

const gpt2Schema = z.object({ n_positions: z.number().default(1024), n_embd: z.number(), n_inner: z.number().nullish(), n_layer: z.number(), n_head: z.number(), layer_norm_epsilon: z.number().default(1e-5) });

const gpt2Modules: Readonly<Record<string, string>> = { ln_1: 'attn_norm', 'attn.c_attn': 'attn_qkv', 'attn.c_proj': 'attn_output', ln_2: 'ffn_norm', 'mlp.c_fc': 'ffn_up', 'mlp.c_proj': 'ffn_down' };

function gpt2({ config }: Model): Architecture {
  const { n_positions, n_embd, n_inner, n_layer, n_head, layer_norm_epsilon } = gpt2Schema.parse(config);
  const whole: Readonly<Record<string, string>> = { 'transformer.wte': 'token_embd', 'transformer.wpe': 'position_embd', 'transformer.ln_f': 'output_norm', lm_head: 'output' };
  return {
    name: 'gpt2',
    facts: {
      'gpt2.context_length': u32(n_positions),
      'gpt2.embedding_length': u32(n_embd),
      'gpt2.feed_forward_length': u32(n_inner ?? 4 * n_embd),
      'gpt2.block_count': u32(n_layer),
      'gpt2.attention.head_count': u32(n_head),
      'gpt2.attention.layer_norm_epsilon': float(layer_norm_epsilon),
    },
    tensorName: (module) => whole[module] ?? inBlock(module, /^transformer\.h\.(\d+)\.(.+)$/, gpt2Modules),
    rows: (_, tensor) => tensor,
  };
}

const scaling = z.object({ rope_type: z.string().optional(), type: z.string().optional(), factor: z.number().optional(), rope_theta: z.number().optional() });
const llamaSchema = z.object({
  max_position_embeddings: z.number().default(2048), hidden_size: z.number(), intermediate_size: z.number(), num_hidden_layers: z.number(), num_attention_heads: z.number(),
  rms_norm_eps: z.number().default(1e-6), rope_theta: z.number().optional(), rope_scaling: scaling.nullish(), rope_parameters: scaling.nullish(), mlp_bias: z.boolean().default(false),
});

const llamaModules: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm', 'self_attn.q_proj': 'attn_q', 'self_attn.k_proj': 'attn_k', 'self_attn.v_proj': 'attn_v', 'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm', post_attention_layernorm: 'ffn_norm', 'mlp.gate_proj': 'ffn_gate', 'mlp.up_proj': 'ffn_up', 'mlp.down_proj': 'ffn_down',
};

/** `interleaved`: llama.cpp turns pairs of neighbours in a head, where Hugging Face's layout turns its halves. */
function llamaLike({ config, keyValueHeads, headSize, vocabSize }: Model, { name, interleaved }: { readonly name: string; readonly interleaved: boolean }): Architecture {
  const parsed = llamaSchema.parse(config);
  const { num_attention_heads: heads, rope_scaling, rope_parameters } = parsed;
  const turn = rope_parameters ?? rope_scaling;
  const type = turn?.rope_type ?? turn?.type ?? 'default';
  if (type !== 'default' && type !== 'linear') throw new UserError(`rope scaling "${type}" is not exported as GGUF; --format merged writes a folder that llama.cpp's own converter reads`);
  if (parsed.mlp_bias) throw new UserError('mlp_bias is not exported as GGUF: llama.cpp has no such biases for this family');
  const whole: Readonly<Record<string, string>> = { 'model.embed_tokens': 'token_embd', 'model.norm': 'output_norm', lm_head: 'output' };
  return {
    name,
    facts: {
      [`${name}.vocab_size`]: u32(vocabSize),
      [`${name}.context_length`]: u32(parsed.max_position_embeddings),
      [`${name}.embedding_length`]: u32(parsed.hidden_size),
      [`${name}.block_count`]: u32(parsed.num_hidden_layers),
      [`${name}.feed_forward_length`]: u32(parsed.intermediate_size),
      [`${name}.attention.head_count`]: u32(heads),
      [`${name}.attention.head_count_kv`]: u32(keyValueHeads),
      [`${name}.attention.key_length`]: u32(headSize),
      [`${name}.attention.value_length`]: u32(headSize),
      [`${name}.attention.layer_norm_rms_epsilon`]: float(parsed.rms_norm_eps),
      [`${name}.rope.dimension_count`]: u32(headSize),
      [`${name}.rope.freq_base`]: float(turn?.rope_theta ?? parsed.rope_theta ?? 10_000),
      ...(type === 'linear' ? { [`${name}.rope.scaling.type`]: word('linear'), [`${name}.rope.scaling.factor`]: float(turn?.factor ?? 1) } : {}),
    },
    tensorName: (module) => whole[module] ?? inBlock(module, /^model\.layers\.(\d+)\.(.+)$/, llamaModules),
    rows(module, tensor) {
      if (!interleaved) return tensor;
      if (module.endsWith('self_attn.q_proj')) return pairedRows(tensor, heads);
      return module.endsWith('self_attn.k_proj') ? pairedRows(tensor, keyValueHeads) : tensor;
    },
  };
}

function inBlock(module: string, pattern: RegExp, names: Readonly<Record<string, string>>): string | null {
  const [, block, part] = pattern.exec(module) ?? [];
  return part !== undefined && part in names ? `blk.${block}.${names[part]}` : null;
}

/** Rows of each head [2, D/2] → [D/2, 2]: what stood in its two halves comes to stand side by side. */
function pairedRows({ shape, data }: Tensor<'f32'>, heads: number): Tensor<'f32'> {
  const width = data.length / shape[0];
  const half = shape[0] / heads / 2;
  const paired = new Float32Array(data.length);
  for (let row = 0; row < shape[0]; row++) {
    const head = Math.floor(row / (2 * half));
    const within = row % (2 * half);
    const to = 2 * half * head + 2 * (within % half) + Math.floor(within / half);
    paired.set(data.subarray(row * width, (row + 1) * width), to * width);
  }
  return { dtype: 'f32', shape, data: paired };
}

/** Of the file as a whole. */
export function generalFacts(architecture: Architecture, facts: { readonly name: string; readonly type: 'model' | 'adapter'; readonly fileType: number }): Record<string, Fact> {
  return {
    'general.architecture': word(architecture.name),
    'general.type': word(facts.type),
    'general.name': word(facts.name),
    'general.file_type': u32(facts.fileType),
    'general.quantization_version': u32(2),
  };
}

