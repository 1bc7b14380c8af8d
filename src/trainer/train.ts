/** One run from beginning to end. What goes wrong by the user's doing is told as a `failed` event. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Experiment } from '../config/schema.js';
import { OutOfMemory, TornUpdate } from '../engine/contract.js';
import { formatBytes } from '../util/format.js';
import { UserError, messageOf } from '../util/errors.js';
import type { TrainContext } from './context.js';
import type { FailedEvent } from './events.js';
import { runLoop } from './loop.js';
import { namesOf, RefusedUpdate, withRows } from './recovery/refusal.js';
import { engineFolder } from './engine-folder.js';
import { prepareSession, type Session } from './session.js';

/** Emits events until exactly one of `completed`, `stopped` and `failed` closes the run. Does not reject. */
export async function train(experiment: Experiment, context: TrainContext): Promise<void> {
  let session: Session | null = null;
  const scratch = engineFolder(context.runFolder);
  try {
    await mkdir(scratch, { recursive: true });
    session = await prepareSession(experiment, context, scratch);
    await runLoop(session, context);
  } catch (error) {
    context.log(stackOf(error));
    context.emit({ type: 'failed', ...reasonOf(error, session, context.runFolder) });
  } finally {
    // The run has said how it ended: what cannot be tidied up changes nothing.
    const complain = (error: unknown): void => context.log(stackOf(error));
    await session?.executable.dispose().catch(complain);
    await rm(scratch, { recursive: true, force: true }).catch(complain);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function reasonOf(error: unknown, session: Session | null, runFolder: string): Omit<FailedEvent, 'type'> {
  if (error instanceof RefusedUpdate && session) {
    const refusal = withRows(error, session.data.train);
    const look = `workbench data ${join(runFolder, 'experiment.yaml')} --row ${refusal.rows.slice(0, 3).map(({ row }) => row).join(' ')}`;
    const reason = `${error.message}; the weights before it are kept. It had ${namesOf(refusal.rows)}: look at them (${look}), lower train.learning_rate, or go on without it (workbench resume <run> --set train.on_non_finite=skip).`;
    return { reason, user: true, refusal };
  }
  if (error instanceof UserError) return { reason: error.message, user: true };
  // Of torn weights nothing is saved: like a run whose process was ended for want of memory, it can go on from its newest checkpoint.
  if (error instanceof OutOfMemory || (error instanceof TornUpdate && error.cause instanceof OutOfMemory)) {
    const measured = formatBytes(process.resourceUsage().maxRSS * 1024);
    const estimated = session ? ` and ${formatBytes(session.estimate.memory_bytes)} estimated` : '';
    return {
      reason: `Out of memory, ${measured} were measured${estimated}: halve train.per_device_train_batch_size and double train.gradient_accumulation_steps, or lower max_length.`,
      user: true,
      out_of_memory: true,
    };
  }
  return { reason: messageOf(error), user: false };
}
