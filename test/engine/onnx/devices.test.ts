/** A LoRA training step of a small Llama on each device, against the reference engine. */
import '../software-gpu.js';
import { describe, expect, test } from 'vitest';
import { devices, type Availability, type Engine } from '../../../src/engine/contract.js';
import { onnxEngine } from '../../../src/engine/onnx/index.js';
import { referenceEngine } from '../../../src/engine/reference/index.js';
import type { Program, Variable } from '../../../src/graph/node.js';
import { llama } from '../../../src/models/families/llama.js';
import { microStep } from '../../../src/trainer/program.js';
import { loraDefaults } from '../../../src/config/schema.js';
import { tuningOf } from '../../../src/trainer/tuning.js';
import { Random } from '../../../src/util/random.js';
import { f32, i32, sizeOf, type Tensor } from '../../../src/util/tensor.js';
import { withExecutable, type EngineOnDevice } from '../check-case.js';

const vocabulary = 61;
const model = llama({ model_type: 'llama', vocab_size: vocabulary, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 4096, bos_token_id: 1, eos_token_id: 2 });
const tuning = tuningOf({ finetuning: 'lora', lora: { ...loraDefaults, r: 3, lora_alpha: 6 }, freeze: { num_trainable_layers: 1 }, quantization: 'none', precision: 'f32' }, model);
const gradients = tuning.trainable.map(({ name }) => `${name}.grad`);

function program(): Program {
  const variables = (list: typeof tuning.trainable, role: Variable['role'], suffix = ''): Variable[] => list.map(({ name, shape }) => ({ name: name + suffix, shape, role, dtype: 'f32' }));
  const { fn } = microStep(model, tuning, { recompute: false, labelChunks: 1 });
  return { variables: [...variables(tuning.frozen, 'frozen'), ...variables(tuning.trainable, 'trainable'), ...variables(tuning.trainable, 'gradient', '.grad')], functions: { [fn.name]: fn } };
}

function initial({ name, shape, role }: Variable): Tensor {
  const random = new Random('weight', name);
  return f32(shape, Array.from({ length: sizeOf(shape) }, () => (role === 'gradient' ? 0 : 0.3 * random.normal())));
}

/** Two rows far from the first position, the second one with padding: the loss, then every gradient. */
async function step(on: EngineOnDevice): Promise<number[]> {
  const [rows, length] = [2, 9];
  const random = new Random('batch');
  const tokens = (value: (row: number, at: number) => number): Tensor => i32([rows, length], Array.from({ length: rows * length }, (_, i) => value(Math.floor(i / length), i % length)));
  const labelled = [0, 3, 7, 9, 12];
  const feeds = {
    input_ids: tokens(() => random.below(vocabulary)),
    positions: tokens((_, at) => 3000 + at),
    segments: tokens((row, at) => (row === 1 && at > 5 ? 0 : 1)),
    label_rows: i32([labelled.length], labelled),
    labels: i32([labelled.length], labelled.map(() => random.below(vocabulary))),
    label_weights: f32([labelled.length], labelled.map(() => 1 / labelled.length)),
  };
  const result: number[] = [];
  await withExecutable(on, program(), initial, async (executable) => {
    result.push((await executable.run('micro_step', feeds)).loss.data[0]);
    for (const name of gradients) result.push(...(await executable.read(name)).data);
  });
  return result;
}

const on = (engine: Engine, device: Availability['device']): EngineOnDevice => ({ engine, device });
const rows = await Promise.all(devices.map((device) => onnxEngine.probe(device)));

describe.each(rows)('a training step on $device', ({ device, available, detail }) => {
  if (!available) {
    test.skip(`not available: ${detail}`);
    return;
  }
  test('has the loss and the gradients of the reference engine', async () => {
    const [wanted, got] = [await step(on(referenceEngine, 'cpu')), await step(on(onnxEngine, device))];
    const largest = Math.max(...wanted.slice(1).map(Math.abs));
    expect(got).toHaveLength(wanted.length);
    expect(Math.abs(got[0] / wanted[0] - 1)).toBeLessThan(1e-6);
    got.slice(1).forEach((value, i) => expect(Math.abs(value - wanted[i + 1]) / largest).toBeLessThan(1e-5));
  });
});

test('a device that is not there is named with its reason and a remedy', () => {
  expect(rows.map(({ device }) => device)).toEqual(['cpu', 'webgpu', 'cuda']);
  for (const { available, detail, remedy } of rows) {
    expect(detail).not.toBe('');
    if (available) expect(remedy).toBeNull();
  }
});
