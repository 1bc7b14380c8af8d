/** A run in f16 whose gradients overflow: updates left out, and the state that a checkpoint keeps of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/trainer/checkpoint/checkpoint.js';
import { firstLossScale } from '../../src/trainer/recovery/loss-scale.js';
import { adapterOf, experimentOf, faulty, losses, run, types } from './support.js';

const f16 = (train: Record<string, unknown> = {}) => experimentOf({ precision: 'f16', engine: { name: 'onnx', device: 'cpu' }, train });
/** The gradient norm of these calls is infinite. */
const overflowAt = (...calls: number[]) => faulty(() => null, (call) => (calls.includes(call) ? Infinity : null));

describe('an update that overflows', () => {
  it('is left out without a word to the user, and the next has half the scale; a resumed run ends with the same bits', async () => {
    const whole = await run(f16(), { chooseEngine: overflowAt(1, 2) });
    expect(types(whole).at(-1)).toBe('completed');
    expect(losses(whole)).toHaveLength(4);
    expect(whole.events.filter((event) => event.type === 'warning' && /overflow|left out/.test(event.message))).toEqual([]);
    expect(whole.log.filter((line) => line.includes('overflow'))).toEqual([
      'At update 1 gradients overflow at a loss scale of 65536: it is left out, and the scale is 32768 from here on',
      'At update 2 gradients overflow at a loss scale of 32768: it is left out, and the scale is 16384 from here on',
    ]);
    const checkpoint = join(whole.folder, 'checkpoints', 'step-3');
    expect((await readCheckpoint(checkpoint)).loss_scale).toEqual({ scale: 16384, clean: 1, skipped: 2 });
    const resumed = await run(f16(), { resumeFrom: [checkpoint] });
    expect(losses(resumed)).toEqual(losses(whole).slice(-3));
    expect(adapterOf(resumed).equals(adapterOf(whole))).toBe(true);
  });

  it('stays left out where the run goes on in another precision, however often it is resumed, with the scale that f16 left', async () => {
    const schedule = { max_steps: 6, save_steps: 2, eval_steps: 0 };
    const first = await run(f16(schedule), { chooseEngine: overflowAt(1, 2) });
    const at = ({ folder }: Awaited<ReturnType<typeof run>>, step: number) => join(folder, 'checkpoints', `step-${step}`);
    const other = experimentOf({ precision: 'bf16', engine: { name: 'onnx', device: 'cpu' }, train: schedule });
    const whole = await run(other, { resumeFrom: [at(first, 2)] });
    const resumed = await run(other, { resumeFrom: [at(whole, 4)] });
    expect(losses(whole)).toHaveLength(4);
    expect(losses(resumed)).toEqual(losses(whole).slice(-2));
    expect(adapterOf(resumed).equals(adapterOf(whole))).toBe(true);
    expect((await readCheckpoint(at(resumed, 6))).loss_scale).toEqual({ scale: 16384, clean: 0, skipped: 2 });
  });

  it('is the run\'s own trouble when the scale can go no lower', async () => {
    const all = await run(f16({ max_steps: 20, eval_steps: 0, save_steps: 0 }), { chooseEngine: faulty(() => null, () => Infinity) });
    expect(types(all).at(-1)).toBe('failed');
    expect(all.events.at(-1)).toMatchObject({ reason: expect.stringContaining('At update 17') as string });
  });
});

it('a run in 16 bits says what it brings where it brings no time, and what it was made with', async () => {
  const { events, folder } = await run(experimentOf({ precision: 'bf16', engine: { name: 'onnx', device: 'cpu' }, train: { max_steps: 1, eval_steps: 0, save_steps: 0 } }));
  expect(events.find(({ type }) => type === 'warning')).toMatchObject({ message: expect.stringContaining('computes in f32') as string });
  expect(events.find(({ type }) => type === 'started')).toMatchObject({ engine: expect.stringContaining(', bf16 (') as string });
  expect((await readCheckpoint(join(folder, 'checkpoints', 'step-1'))).loss_scale).toEqual(firstLossScale);
  expect(readFileSync(join(folder, 'adapter', 'adapter_model.safetensors')).includes('"F32"')).toBe(true);
});

it('is refused in one sentence where an engine has no numbers of 16 bits', async () => {
  const { events } = await run(experimentOf({ precision: 'f16', engine: { name: 'tfjs', device: 'cpu' } }));
  expect(events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: '`precision: f16` is not to be had of tfjs on cpu: TensorFlow.js has no real numbers of 16 bits. Set `precision: f32`, or take engine.name: onnx.' });
});
