/** Whole runs on the demo that the repository ships. */
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/schema.js';
import type { Engine } from '../../src/engine/contract.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { chooseEngine } from '../../src/engine/registry.js';
import type { Control, LiveChange, TrainEvent } from '../../src/trainer/events.js';
import type { ChosenEngine } from '../../src/trainer/context.js';
import { adapterOf, demo, experimentOf, home, losses, run, types } from './support.js';

describe('a run that is changed while it runs', () => {
  const wish = (change: LiveChange) => {
    let asked = false;
    return (events: readonly TrainEvent[]): readonly LiveChange[] => {
      if (asked || !events.some((event) => event.type === 'step' && event.step === 2)) return [];
      asked = true;
      return [change];
    };
  };
  const steady = { lr_scheduler_type: 'constant', eval_steps: 0 };

  it('learns at the new rate from the next update on, and says so', async () => {
    const done = await run(experimentOf({ train: steady }), { changes: wish({ learning_rate: 1e-3, max_steps: 8 }) });
    const rates = done.events.flatMap((event) => (event.type === 'step' ? [event.learning_rate] : []));
    expect(rates).toEqual([3e-3, 3e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3]);
    expect(done.events.filter(({ type }) => type === 'changed')).toEqual([expect.objectContaining({ step: 2, total_steps: 8, changes: { learning_rate: 1e-3, max_steps: 8 } })]);
    expect(done.events.at(-1)).toMatchObject({ type: 'completed', step: 8 });
  });

  it('ends at once when it has done enough', async () => {
    const done = await run(experimentOf({ train: steady }), { changes: wish({ max_steps: 2 }) });
    expect(done.events.at(-1)).toMatchObject({ type: 'completed', step: 2 });
  });

  it('goes on for what comes just before it takes no more, and takes nothing while its result is written', async () => {
    const late: LiveChange[] = [];
    let asked = 0;
    const closeChanges = () => {
      if (asked++ > 0) {
        late.push({ max_steps: 100 });
        return true;
      }
      late.push({ max_steps: 8 });
      return false;
    };
    const done = await run(experimentOf({ train: steady }), { changes: () => late.splice(0), closeChanges });
    expect(done.events.at(-1)).toMatchObject({ type: 'completed', step: 8, total_steps: 8 });
    expect(losses(done)).toHaveLength(8);
  });
});

describe('a result that cannot be written, because the base model was moved away', () => {
  const movable = (): { readonly experiment: Experiment; readonly move: (events: readonly TrainEvent[]) => boolean } => {
    const model = join(mkdtempSync(join(home, 'base-')), 'model');
    cpSync(join(demo, 'model'), model, { recursive: true });
    const move = (events: readonly TrainEvent[]): boolean => {
      const due = events.some((event) => event.type === 'step' && event.step === 2);
      if (due) rmSync(model, { recursive: true, force: true });
      return due;
    };
    return { experiment: experimentOf({ model, finetuning: 'full', train: { eval_steps: 0, save_steps: 0 } }), move };
  };

  it('is a warning of a run that is stopped, which has its checkpoint', async () => {
    const { experiment, move } = movable();
    const stopped = await run(experiment, { controls: (events) => (move(events) ? ['stop'] : []) });
    expect(stopped.events.at(-1)).toMatchObject({ type: 'stopped', step: 2, output: null });
    expect(stopped.events.filter(({ type }) => type === 'warning').at(-1)).toMatchObject({ message: expect.stringMatching(/^What it has learned could not be written: .*no such file/) as string });
    expect(readdirSync(join(stopped.folder, 'checkpoints'))).toEqual(['step-2']);
  });

  it('fails a run that was complete, which has its checkpoint too', async () => {
    const { experiment, move } = movable();
    const failed = await run(experiment, { changes: (events) => (move(events) ? [{ max_steps: 2 }] : []) });
    expect(failed.events.at(-1)).toMatchObject({ type: 'failed', reason: expect.stringContaining('no such file') as string });
    expect(readdirSync(join(failed.folder, 'checkpoints'))).toEqual(['step-2']);
  });
});

describe('train', () => {
  it('tells the whole run in events, and ends with an adapter', async () => {
    const done = await run(experimentOf());
    expect(types(done)).toEqual(['started', 'step', 'step', 'step', 'eval', 'checkpoint', 'step', 'step', 'step', 'eval', 'checkpoint', 'completed']);
    expect(losses(done)[5]).toBeLessThan(losses(done)[0]);
    expect(existsSync(join(done.folder, 'adapter', 'adapter_config.json'))).toBe(true);
    expect(existsSync(join(done.folder, 'engine'))).toBe(false);
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const [first, second, other] = [await run(experimentOf()), await run(experimentOf()), await run(experimentOf({ train: { seed: 7 } }))];
    expect(losses(second)).toEqual(losses(first));
    expect(adapterOf(second)).toEqual(adapterOf(first));
    expect(losses(other)).not.toEqual(losses(first));
  });

  it.each(['adamw', 'adamw_8bit'])('ends with the same bits when it goes on from a checkpoint, of %s', async (optim) => {
    const experiment = experimentOf({ lora: { r: 64 }, train: { optim } });
    const whole = await run(experiment);
    const resumed = await run(experiment, { resumeFrom: [join(whole.folder, 'checkpoints', 'step-3')] });
    expect(types(resumed).slice(0, 2)).toEqual(['started', 'resumed']);
    expect(losses(resumed)).toEqual(losses(whole).slice(3));
    expect(adapterOf(resumed)).toEqual(adapterOf(whole));
  });

  it('stops between micro-batches, keeps what was learned, and can go on from there', async () => {
    const whole = await run(experimentOf());
    const stopped = await run(experimentOf(), { controls: (events) => (events.some((event) => event.type === 'step' && event.step === 2) ? ['stop'] : []) });
    expect(stopped.events.at(-1)).toMatchObject({ type: 'stopped', step: 2 });
    const resumed = await run(experimentOf(), { resumeFrom: [join(stopped.folder, 'checkpoints', 'step-2')] });
    expect(adapterOf(resumed)).toEqual(adapterOf(whole));
  });

  it('pauses, saves, evaluates and goes on when asked', async () => {
    const asked = new Set<Control>();
    const once = (control: Control, due: boolean): readonly Control[] => (due && !asked.has(control) ? [...asked.add(control)].slice(-1) : []);
    const controls = (events: readonly TrainEvent[]) => {
      const seen = (type: TrainEvent['type']) => events.some((event) => event.type === type);
      return [...once('pause', seen('step')), ...once('continue', seen('paused')), ...once('evaluate', seen('resumed'))];
    };
    const done = await run(experimentOf({ train: { eval_steps: 0, save_steps: 0 } }), { controls });
    expect(types(done).filter((type) => type !== 'step')).toEqual(['started', 'checkpoint', 'paused', 'resumed', 'eval', 'eval', 'checkpoint', 'completed']);
  });

  it('takes what was asked last, and does at once what is due and asked for', async () => {
    const asked = new Set<Control>();
    const once = (control: Control, due: boolean): readonly Control[] => (due && !asked.has(control) ? [...asked.add(control)].slice(-1) : []);
    const controls = (events: readonly TrainEvent[]) => {
      const atStep = (step: number) => events.some((event) => event.type === 'step' && event.step === step);
      return [...once('pause', atStep(1)), ...once('continue', atStep(1)), ...once('evaluate', atStep(3)), ...once('save', atStep(3))];
    };
    expect(types(await run(experimentOf(), { controls }))).toEqual(['started', 'step', 'step', 'step', 'eval', 'checkpoint', 'step', 'step', 'step', 'eval', 'checkpoint', 'completed']);
  });

  it('leaves no file of the engine behind when it cannot begin', async () => {
    const failing = async (): Promise<ChosenEngine> => ({ engine: { ...referenceEngine, compile: async (_, { scratch }) => {
      writeFileSync(join(scratch, 'weights.bin'), 'large');
      throw new Error('no room');
    } }, device: 'cpu', reason: 'for the test' });
    const broken = await run(experimentOf(), { chooseEngine: failing });
    expect(broken.events.at(-1)).toMatchObject({ type: 'failed', reason: 'no room' });
    expect(readdirSync(broken.folder)).toEqual([]);
  });

  it('does not reject when the engine cannot be tidied up', async () => {
    const clinging = async (): Promise<ChosenEngine> => {
      const { engine, ...choice } = await chooseEngine({ name: 'onnx', device: 'cpu' });
      const compile: Engine['compile'] = async (program, options) => {
        const executable = await engine.compile(program, options);
        executable.dispose = () => Promise.reject(new Error('busy'));
        return executable;
      };
      return { ...choice, engine: { ...engine, compile } };
    };
    const done = await run(experimentOf({ train: { max_steps: 1 } }), { chooseEngine: clinging });
    expect(done.events.at(-1)).toMatchObject({ type: 'completed' });
    expect(existsSync(join(done.folder, 'engine'))).toBe(false);
  });

  it.each([{ finetuning: 'full' }, { finetuning: 'freeze', freeze: { num_trainable_layers: 1 } }, { finetuning: 'full', init: 'random', stage: 'pretrain', dataset: { path: join(demo, 'reviews'), format: 'text', max_samples: 96 }, packing: true }])(
    'writes a whole model for %o',
    async (changes) => {
      const done = await run(experimentOf({ ...changes, train: { learning_rate: 1e-3 } }));
      expect(done.events.at(-1)).toMatchObject({ type: 'completed' });
      expect(losses(done)[5]).toBeLessThan(losses(done)[0]);
      const again = await run(experimentOf({ model: join(done.folder, 'model'), train: { max_steps: 1 } }));
      expect(again.events.at(-1)).toMatchObject({ type: 'completed' });
    },
  );

  it('refuses an update that is not a number, and keeps the weights before it', async () => {
    const broken = await run(experimentOf({ lora: { target_modules: 'all-linear' }, train: { learning_rate: 1e30, max_grad_norm: 0 } }));
    expect(broken.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: expect.stringMatching(/^At update \d the loss is/) });
    expect(types(broken)).toContain('checkpoint');
  });

  it.each([
    [{ lora: { r: 100_000_000 } }, /would need .* of memory and .* are available/],
    [{ max_length: 4096 }, /made for 256 tokens/],
    [{ model: join(demo, 'nowhere') }, /nowhere/],
    [{ finetuning: 'freeze', freeze: { num_trainable_layers: 9 } }, /has 4 layers/],
    [{ lora: { target_modules: ['c_attn'] } }, /c_attn/],
  ])('says in one sentence what is wrong with %o', async (changes, sentence) => {
    const refused = await run(experimentOf(changes));
    expect(refused.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: expect.stringMatching(sentence) });
  });

  it('does not go on from a damaged checkpoint', async () => {
    const whole = await run(experimentOf());
    const checkpoint = join(whole.folder, 'checkpoints', 'step-3');
    const file = join(checkpoint, 'optimizer.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    const resumed = await run(experimentOf(), { resumeFrom: [checkpoint] });
    expect(resumed.events.at(-1)).toMatchObject({ type: 'failed', reason: expect.stringContaining('optimizer.safetensors is not what was written') });
  });
});
