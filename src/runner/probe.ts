/** A few updates of an experiment, timed: in a process of its own, which leaves nothing behind. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withValues } from '../config/keys.js';
import type { Experiment } from '../config/schema.js';
import type { StepEvent } from '../trainer/events.js';
import { UserError } from '../util/errors.js';
import type { ProbeMessage, ProbeRequest } from './protocol.js';

export interface ProbeResult {
  /** Updates that were timed; the one before them, which also compiles and warms up, is not. */
  readonly updates: number;
  readonly seconds_per_update: number;
  readonly tokens_per_second: number;
  /** The most that the process held at the end of an update. */
  readonly memory_bytes: number;
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** Updates done, the first among them. */
  onUpdate?(updates: number): void;
  /** What the process runs. */
  readonly entry?: URL;
}

/** Enough for a mean: so many timed updates, or so many seconds of them. */
const enough = { updates: 8, seconds: 6 } as const;
const atLeast = 2;

const entryPoint = new URL('./probe-process.js', import.meta.url);

/** Rejects with a UserError where a run would fail so, and when `signal` says that nobody waits any more. */
export async function probe(home: string, experiment: Experiment, { signal, onUpdate, entry = entryPoint }: ProbeOptions): Promise<ProbeResult> {
  mkdirSync(join(home, 'scratch'), { recursive: true });
  const folder = mkdtempSync(join(home, 'scratch', 'probe-'));
  const child = spawn(process.execPath, [fileURLToPath(entry)], { cwd: home, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal, killSignal: 'SIGKILL' });
  const steps: (StepEvent & { readonly at: number })[] = [];
  try {
    return await new Promise<ProbeResult>((resolve, reject) => {
      child.on('error', (error) => reject(signal.aborted ? new UserError('The probe was cancelled.') : error));
      child.on('exit', (code, killed) => reject(new UserError(`The probe ended with ${killed ?? code} before it could time anything; the run may end so too.`)));
      child.on('message', ({ event, time }: ProbeMessage) => {
        if (event.type === 'failed') reject(new UserError(event.reason));
        if (event.type === 'completed') {
          if (steps.length > 1) resolve(resultOf(steps));
          else reject(new UserError('The run is over before it can be timed: it has only one update.'));
        }
        if (event.type !== 'step') return;
        steps.push({ ...event, at: time });
        onUpdate?.(steps.length);
        const timed = steps.length - 1;
        const seconds = (time - steps[0].at) / 1000;
        if (timed >= enough.updates || (timed >= atLeast && seconds >= enough.seconds)) resolve(resultOf(steps));
      });
      child.send({ home, folder, experiment: shortened(experiment) } satisfies ProbeRequest);
    });
  } finally {
    child.removeAllListeners().on('error', () => undefined);
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same work an update, without what happens between updates and without tokenising more rows than it takes. */
function shortened(experiment: Experiment): Experiment {
  const { dataset, train } = experiment;
  const rows = Math.max(256, (enough.updates + 2) * train.per_device_train_batch_size * train.gradient_accumulation_steps);
  return withValues(experiment, {
    'dataset.max_samples': Math.min(rows, dataset.max_samples ?? rows), 'dataset.val_size': 0, 'dataset.eval': null, 'sample.prompts': [], 'checkpoint_mirror': null,
    'train.max_steps': enough.updates + 2, 'train.logging_steps': 1, 'train.eval_steps': 0, 'train.eval_on_start': false, 'train.save_steps': 0,
  });
}

function resultOf(steps: readonly (StepEvent & { readonly at: number })[]): ProbeResult {
  const [first] = steps;
  const last = steps[steps.length - 1];
  const seconds = (last.at - first.at) / 1000;
  return {
    updates: steps.length - 1,
    seconds_per_update: seconds / (steps.length - 1),
    tokens_per_second: (last.tokens_seen - first.tokens_seen) / seconds,
    memory_bytes: Math.max(...steps.map(({ memory_bytes: bytes }) => bytes)),
  };
}
