/** Whole runs on the demo that the repository ships. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import { OutOfMemory, type Engine } from '../../src/engine/contract.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { chooseEngine } from '../../src/engine/registry.js';
import type { Control, LiveChange, StepEvent, TrainEvent } from '../../src/trainer/events.js';
import { train, type ChosenEngine, type TrainContext } from '../../src/trainer/train.js';
import { scalar } from '../../src/util/tensor.js';

const demo = fileURLToPath(new URL('../../experiments/demo/', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'workbench-train-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

type Changes = Record<string, unknown> & { train?: Record<string, unknown>; lora?: Record<string, unknown> };

function experimentOf({ train: training, lora, ...rest }: Changes = {}): Experiment {
  return parseExperiment({
    model: join(demo, 'model'),
    dataset: { path: join(demo, 'reviews'), format: 'classification', max_samples: 96 },
    max_length: 64,
    lora: { r: 4, lora_dropout: 0.1, ...lora },
    train: { per_device_train_batch_size: 4, gradient_accumulation_steps: 2, max_steps: 6, eval_steps: 3, save_steps: 3, learning_rate: 3e-3, ...training },
    ...rest,
  });
}

interface Run {
  readonly events: readonly TrainEvent[];
  readonly folder: string;
}

async function run(experiment: Experiment, options: { resumeFrom?: readonly string[]; controls?: (events: readonly TrainEvent[]) => readonly Control[]; changes?: (events: readonly TrainEvent[]) => readonly LiveChange[]; chooseEngine?: TrainContext['chooseEngine'] } = {}): Promise<Run> {
  const folder = mkdtempSync(join(home, 'run-'));
  const events: TrainEvent[] = [];
  await train(experiment, {
    runFolder: folder,
    home,
    resumeFrom: options.resumeFrom ?? [],
    emit: (event) => events.push(event),
    log: () => undefined,
    takeControls: () => options.controls?.(events) ?? [],
    takeChanges: () => options.changes?.(events) ?? [],
    chooseEngine: options.chooseEngine ?? chooseEngine,
  });
  return { events, folder };
}

const losses = ({ events }: Run): number[] => events.filter((event): event is StepEvent => event.type === 'step').map(({ loss }) => loss);
const types = ({ events }: Run): string[] => events.map(({ type }) => type);
const adapterOf = ({ folder }: Run): Buffer => readFileSync(join(folder, 'adapter', 'adapter_model.safetensors'));

/** The engine with a fault: `disturb` may throw at a call, or give another loss. */
function faulty(disturb: (rows: number, call: number) => number | null): TrainContext['chooseEngine'] {
  return async (config) => {
    const { engine, ...chosen } = await chooseEngine(config);
    const compile: Engine['compile'] = async (program, options) => {
      const executable = await engine.compile(program, options);
      let calls = 0;
      return {
        description: executable.description,
        variableBytes: executable.variableBytes,
        read: (name) => executable.read(name),
        write: (name, value) => executable.write(name, value),
        dispose: () => executable.dispose(),
        async run(fn, feeds) {
          const loss = fn === 'micro_step' ? disturb(feeds['input_ids'].shape[0], ++calls) : null;
          const result = await executable.run(fn, feeds);
          return loss === null ? result : { ...result, loss: scalar(loss) };
        },
      };
    };
    return { ...chosen, engine: { name: engine.name, probe: (device) => engine.probe(device), unsupported: (device) => engine.unsupported(device), compile } };
  };
}

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
});

describe('a loss that is not a number', () => {
  const nanAt = (...calls: number[]) => faulty((_, call) => (calls.includes(call) ? NaN : null));

  it('is left out: the weights before it are kept, and the run goes on', async () => {
    const plain = { gradient_accumulation_steps: 1, lr_scheduler_type: 'constant', eval_steps: 0 };
    const done = await run(experimentOf({ train: { ...plain, on_non_finite: 'skip' } }), { chooseEngine: nanAt(3) });
    expect(done.events.at(-1)).toMatchObject({ type: 'completed', step: 6 });
    expect(done.events.filter((event) => event.type === 'step').map(({ step }) => step)).toEqual([1, 2, 4, 5, 6]);
    expect(done.events.filter((event) => event.type === 'warning')).toEqual([expect.objectContaining({ message: expect.stringMatching(/^At update 3 the loss is NaN.* left out\.$/) as string })]);
    expect(losses(done).every(Number.isFinite)).toBe(true);
  });

  it('halves the rate where that is the policy', async () => {
    const done = await run(experimentOf({ train: { gradient_accumulation_steps: 1, lr_scheduler_type: 'constant', on_non_finite: 'lower_rate' } }), { chooseEngine: nanAt(2) });
    expect(done.events.find(({ type }) => type === 'changed')).toMatchObject({ step: 1, changes: { learning_rate: 1.5e-3 } });
    expect(done.events.at(-1)).toMatchObject({ type: 'completed' });
  });

  it('ends the run when it is all there is', async () => {
    const done = await run(experimentOf({ train: { on_non_finite: 'skip', max_steps: 20 } }), { chooseEngine: faulty(() => NaN) });
    expect(done.events.at(-1)).toMatchObject({ type: 'failed', reason: expect.stringMatching(/^At update 6 /) as string });
  });
});

describe('memory that runs out', () => {
  /** From the second micro-batch on, so that there is something summed to forget. */
  const upTo = (most: number) => faulty((rows, call) => {
    if (rows > most && call > 1) throw new OutOfMemory(`${rows} rows`);
    return null;
  });
  const plain = { lora: { lora_dropout: 0 } };

  it('is met by smaller micro-batches: the same updates, the same losses to rounding', async () => {
    const [whole, parts] = [await run(experimentOf(plain)), await run(experimentOf(plain), { chooseEngine: upTo(1) })];
    expect(parts.events.filter(({ type }) => type === 'changed').map((event) => (event.type === 'changed' ? event.changes : null))).toEqual([
      { per_device_train_batch_size: 2, gradient_accumulation_steps: 4 }, { per_device_train_batch_size: 1, gradient_accumulation_steps: 8 },
    ]);
    expect(losses(parts)).toHaveLength(6);
    losses(parts).forEach((loss, i) => expect(Math.abs(loss - losses(whole)[i])).toBeLessThan(1e-4));
  });

  it.each([[0, {}], [2, { auto_find_batch_size: false }]])('ends the run when %i rows fit and nothing smaller may be tried', async (most, train) => {
    const done = await run(experimentOf({ ...plain, train }), { chooseEngine: upTo(most) });
    expect(done.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: expect.stringMatching(/^Out of memory; .* were estimated/) as string });
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

  it('ends with the same bits when it goes on from a checkpoint', async () => {
    const whole = await run(experimentOf());
    const resumed = await run(experimentOf(), { resumeFrom: [join(whole.folder, 'checkpoints', 'step-3')] });
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
