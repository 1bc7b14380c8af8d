/** A machine with some models, datasets and runs on it. */
import { equivalentCommand } from '../../src/config/command.js';
import { writeExperiment } from '../../src/config/file.js';
import { parseExperiment } from '../../src/config/parse.js';
import { presets } from '../../src/config/presets.js';
import type { Experiment } from '../../src/config/schema.js';
import type { DatasetEntry } from '../../src/data/look/discover.js';
import type { ModelEntry } from '../../src/models/discover.js';
import type { Store } from '../../src/store/store.js';
import type { Estimate } from '../../src/trainer/estimate.js';
import type { FormServices } from '../../src/ui/screens/new-run/services.js';
import type { Examination } from '../../src/ui/screens/doctor/model.js';
import type { DoctorServices } from '../../src/ui/screens/doctor/services.js';
import type { PlaygroundServices, Question, Voice } from '../../src/ui/screens/playground/services.js';
import type { QueueServices } from '../../src/ui/screens/queue/services.js';
import { UserError } from '../../src/util/errors.js';

export const sampleModels: readonly ModelEntry[] = [
  { path: '/models/stories260k', name: 'stories260k', modelType: 'llama', parameters: 260_032, bytes: 1_052_000, dtype: 'F32', contextLength: null, supported: true, reason: null, tokenizer: true },
  { path: '/models/tiny-random-gpt2', name: 'tiny-random-gpt2', modelType: 'gpt2', parameters: 112_000, bytes: 448_000, dtype: 'F32', contextLength: null, supported: true, reason: null, tokenizer: true },
  { path: '/cache/hub/models--TinyLlama--TinyLlama-1.1B-Chat-v1.0/snapshots/fe8a4ea1ffedaf415f4da2f062534de366a451e6', name: 'TinyLlama/TinyLlama-1.1B-Chat-v1.0', modelType: 'llama', parameters: 1_100_048_384, bytes: 2_200_119_864, dtype: 'BF16', contextLength: null, supported: true, reason: null, tokenizer: true },
  { path: '/models/bert-base', name: 'bert-base', modelType: 'bert', parameters: null, bytes: 440_000_000, dtype: 'F32', contextLength: null, supported: false, reason: 'The model type bert is not contextLength: null, supported: gpt2 and llama are.', tokenizer: true },
];

export const sampleDatasets: readonly DatasetEntry[] = [
  { path: '/data/rotten_tomatoes.jsonl', name: 'rotten_tomatoes.jsonl', bytes: 1_400_000, rows: 8530, guess: 'classification', columns: ['text', 'label'], supported: true, reason: null },
  { path: '/data/alpaca-små.json', name: 'alpaca-små.json', bytes: 120_000, rows: 250, guess: 'alpaca', columns: ['instruction', 'output'], supported: true, reason: null },
];

/** A form whose data is two short rows, of which the second is cut beyond eight tokens. */
export function sampleForm(changes: Partial<FormServices> = {}): FormServices {
  const token = (text: string, trained: boolean) => ({ text, id: text.length, trained });
  return {
    presets,
    files: () => Promise.resolve([]),
    complete: (text) => Promise.resolve(['/data/alpaca.json', '/data/reviews/', '/models/tiny'].filter((path) => path.startsWith(text)).map((path) => ({ text: path, name: path.split('/').slice(2).join('/') }))),
    preview: ({ max_length }) => Promise.resolve({
      rows: [
        { row: 1, file: '/data/rotten_tomatoes.jsonl', line: 1, last_line: 1, text: 'a fine film\ngood', tokens: [token('a', false), token(' fine', false), token(' film', false), token('\n', false), token('good', true), token('</s>', true)], fullLength: 6 },
        { row: 2, file: '/data/rotten_tomatoes.jsonl', line: 2, last_line: 2, text: 'dull', tokens: [token('dull', false), token('bad', true)].slice(0, max_length), fullLength: 60 },
      ],
      lengths: Uint32Array.of(6, 60, 30, 31), whole: true, train_rows: 4, eval_rows: 1, tokens: 40, labels: 10,
      rejected: [{ file: '/data/rotten_tomatoes.jsonl', line: 7, reason: 'it has no label' }], rejected_count: 1,
      sets: [{ path: '/data/rotten_tomatoes.jsonl', read: 8, dropped: { contains: 2 }, rows: 4 }],
    }),
    alike: (a, b) => a.model === b.model && a.max_length === b.max_length,
    probe: () => Promise.resolve({ seconds_per_update: 0.5, tokens_per_second: 4000, updates: 8, memory_bytes: 1e8 }),
    whyNot: ({ device }) => Promise.resolve(device === 'cuda' ? 'engine.device: cuda is not to be had here.' : null),
    write: (experiment) => writeExperiment(experiment, { changed: true }),
    command: equivalentCommand,
    save: (path, experiment) => Promise.resolve({ path, experiment }),
    exists: () => false,
    copy: () => undefined,
    ...changes,
  };
}

export const sampleFindings: Examination = {
  node: '20.20.2', platform: 'linux x64', cores: 2, memory_bytes: 8e9, available_memory_bytes: 6e9,
  versions: { workbench: '0.1.0', node: '20.20.2' },
  terminal: { interactive: true, type: 'xterm-256color', columns: 80, rows: 24, colors: true, color_depth: 8, unicode: true, ascii: false, ssh: true, answers_after_ms: 42 },
  store: { home: '/home/w', runs: 1, bytes: 120e6, backups: [{ name: 'workbench.db.daily-1.backup', bytes: 110e6, time: '2026-01-01T10:00:00Z' }], damaged: [], problems: [], checked_at: '2026-01-02T10:00:00Z' },
  caches: [{ name: 'tokens', path: '/home/w/cache/tokens', bytes: 5e6 }, { name: 'preview', path: '/home/w/cache/preview', bytes: 1e6 }, { name: 'scratch', path: '/home/w/scratch', bytes: 0 }],
  models: { paths: ['/models'], usable: 2 },
  engines: [{ engine: 'onnx', rows: [{ device: 'cpu', available: true, detail: 'ONNX Runtime', remedy: null }, { device: 'cuda', available: false, detail: 'no provider', remedy: 'Install it.' }] }],
};

export function sampleDoctor(changes: Partial<DoctorServices> = {}): DoctorServices {
  return {
    examine: (onFound) => Promise.resolve(onFound(sampleFindings)),
    clearTokenCache: () => Promise.resolve(6e6),
    ...changes,
  };
}

/** Voices that say the prompt backwards, word by word; one whose name is `slow` speaks until it is interrupted. */
export function samplePlayground(asked: Question[] = []): PlaygroundServices {
  return {
    open: (what) => {
      const name = 'runId' in what ? what.runId : what.model;
      const voice = (label: string): Voice => ({ label, model: '/models/stories260k', adapter: label === 'base' ? null : `/runs/${label}` });
      return Promise.resolve({ name, runId: 'runId' in what ? name : null, voices: 'runId' in what ? [voice('base'), voice('step 20'), voice('step 40'), voice('result')] : [voice('base')], tokenizer: '/models/stories260k', experiment: experiment(), chat: 'runId' in what });
    },
    generate: async (question, { signal, onNews }) => {
      asked.push(question);
      for (const [voice, { label }] of question.voices.entries()) {
        onNews({ voice, type: 'reading' });
        const words = [label, ...question.prompt.split(/\s+/).reverse()].map((word) => `${word} `);
        words.forEach((text, i) => onNews({ voice, type: 'text', text, tokens: i + 1, seconds: (i + 1) / 10 }));
        if (question.prompt.includes('slow')) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        onNews({ voice, type: 'done', tokens: words.length, seconds: words.length / 10, stopped: signal.aborted ? 'interrupted' : 'length' });
        if (signal.aborted) return;
      }
    },
    evalRow: (_, index) => Promise.resolve({ prompt: `row ${(index + 3) % 3}`, answer: 'good', answerTokens: 2, special: false, index: (index + 3) % 3, of: 3 }),
  };
}

/** A line that nobody works on. */
export function sampleQueue(store: Store): QueueServices {
  const add = (config: Experiment): string => {
    const { id, name } = store.createRun({ name: config.name ?? 'new', config });
    store.enqueue(id);
    return `${name} is in line, number ${store.queue().length}`;
  };
  return {
    add: (config) => Promise.resolve(add(config)),
    addFile: (path) => (path.endsWith('.yaml') ? Promise.resolve(add(experiment({ name: path }))) : Promise.reject(new UserError(`${path} is no experiment file.`))),
    move: (run, place) => store.moveInQueue(run, place),
    remove: (run) => void store.cancel(run, 'taken out of the queue'),
    setParallel: (runs) => Promise.resolve(store.setParallel(runs)),
    start: () => Promise.resolve(store.queue().length),
  };
}

/** The right shape and simple numbers, so that a test can say what must be seen. */
export function estimateByHand(experiment: Experiment, rows: number): Estimate {
  const { train, lora, max_length } = experiment;
  const trainable = lora.r * 1024;
  const batch = train.per_device_train_batch_size * train.gradient_accumulation_steps;
  const perEpoch = Math.ceil(rows / batch);
  const memory = { weights: 1_040_128, trainable: 4 * trainable, gradients: 4 * trainable, optimizer: 8 * trainable, activations: train.per_device_train_batch_size * 4_000_000, runtime: 90_000_000 };
  const bytes = Object.values(memory).reduce((sum, part) => sum + part, 0);
  return {
    total_parameters: 260_032 + trainable, trainable_parameters: trainable, effective_batch: batch, steps_per_epoch: perEpoch, steps: Math.ceil(perEpoch * train.num_train_epochs),
    tokens_per_step: batch * max_length, flops_per_step: batch * max_length * 1_560_192, padding: null, precision: 'f32', gradient_checkpointing: false, memory, memory_bytes: bytes, available_memory_bytes: 1_000_000_000, fits: bytes < 1_000_000_000,
    based_on: 'rows', train_rows: rows, eval_rows: 50, cut_rows: 0, tokens_per_epoch: rows * 40, labels_per_epoch: rows * 10,
    warnings: lora.lora_alpha / lora.r < 1 ? [`lora_alpha / r = ${lora.lora_alpha / lora.r} is unusually low`] : [],
  } satisfies Estimate;
}

export function experiment(changes: Record<string, unknown> = {}): Experiment {
  return parseExperiment({ model: '/models/stories260k', dataset: { path: '/data/rotten_tomatoes.jsonl', format: 'classification' }, ...changes });
}

export interface SampleRun {
  readonly name: string;
  readonly steps: number;
  readonly total: number;
  readonly end: 'running' | 'completed' | 'failed' | 'stopped';
  /** Milliseconds since 1970 of its first step. */
  readonly begin?: number;
}

/** Records a run as a trainer would: a falling loss, an evaluation every tenth of the way, samples, a checkpoint. */
export function recordRun(store: Store, { name, steps, total, end, begin = Date.parse('2026-01-01T10:00:00Z') }: SampleRun): string {
  const { id } = store.createRun({ name, config: experiment({ sample: { prompts: ['The film is'] } }) });
  const at = (step: number): string => new Date(begin + step * 250).toISOString();
  const progress = (step: number) => ({ step, total_steps: total, epoch: (2 * step) / total });
  store.record(id, { type: 'started', ...progress(0), trainable_parameters: 8192, total_parameters: 268_224, estimated_memory_bytes: 110e6, train_rows: 8530, eval_rows: 1066, engine: 'onnx 1.30.0 on cpu, 2 threads' }, at(0));
  for (let step = 1; step <= steps; step++) {
    const loss = 0.4 + 3 * Math.exp(-step / (total / 5)) + 0.2 * Math.sin(step * 1.7) * Math.exp(-step / total);
    store.record(id, {
      type: 'step', ...progress(step), loss, learning_rate: 2e-4 * (1 - step / total), grad_norm: 0.8 + 0.3 * Math.sin(step), tokens_seen: step * 2048, tokens_per_second: 8192,
      elapsed_time: step / 4, remaining_time: (total - step) / 4, memory_bytes: 131e6,
    }, at(step));
    if (step % Math.ceil(total / 10) === 0) {
      store.record(id, { type: 'eval', ...progress(step), eval_loss: loss + 0.15, perplexity: Math.exp(loss + 0.15), accuracy: 1 - loss / 4, eval_seconds: 1 }, at(step));
      store.record(id, { type: 'sample', ...progress(step), prompt: 'The film is', text: ' a warm and funny story\nthat stays with you 映画 long after the lights go up, and then some more.' }, at(step));
      store.record(id, { type: 'checkpoint', ...progress(step), path: `/runs/${id}/checkpoints/step-${step}`, bytes: 1e6 }, at(step));
    }
  }
  store.record(id, { type: 'warning', message: '3 rows were left out: line 17 has no label, line 301 has no label, line 420 is not JSON' }, at(steps));
  if (end === 'completed') store.record(id, { type: 'completed', ...progress(steps), output: `/runs/${id}/adapter`, peak_memory_bytes: 131e6 }, at(steps));
  if (end === 'failed') store.record(id, { type: 'failed', reason: 'the loss became NaN at step 12: lower train.learning_rate', user: true }, at(steps));
  if (end === 'stopped') store.record(id, { type: 'stopped', ...progress(steps), reason: 'stopped by hand', output: `/runs/${id}/adapter` }, at(steps));
  return id;
}
