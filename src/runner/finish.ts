/** Tells of the end of a run, or of a search, by the command that its experiment names (`on_finish`), whatever the end was. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '../store/folders.js';
import type { RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { bestTrial } from './search/ranking.js';

/** How long the command may take; then it is ended, with all that it has started. */
const patienceMs = 10 * 60_000;

/**
 * Runs the command of a run that has ended, once an end, whoever asks; resolves when it has ended too. A command that
 * fails or takes too long is a warning of the run, which is returned; else null. Rejects only where the store cannot be used.
 */
export async function announceEnd(store: Store, home: string, { runId, patience = patienceMs }: { readonly runId: string; readonly patience?: number }): Promise<string | null> {
  if (!store.takeEnd(runId)) return null;
  const run = store.run(runId);
  if (run.config.on_finish === null) return null;
  const trouble = await runCommand(run.config.on_finish, { folder: runFolder(home, runId), log: 'run.log', environment: factsOf(run, home), patience });
  if (trouble === null) return null;
  const message = `The command of on_finish ${trouble}; run.log has what it said.`;
  store.record(runId, { type: 'warning', message }, new Date().toISOString());
  return message;
}

/** The same of a search that is over, for its best run; of one that has none, in the home folder. Resolves with what went wrong. */
export async function announceSearch(store: Store, home: string, name: string): Promise<string | null> {
  if (!store.takeSearchEnd(name)) return null;
  const search = store.search(name);
  const { state, plan } = search;
  if (plan.on_finish === null) return null;
  const best = state === 'completed' ? (bestTrial(search)?.run ?? null) : null;
  const ofSearch = { WORKBENCH_HOME: home, WORKBENCH_SEARCH: name, WORKBENCH_SEARCH_STATE: state };
  const place = best === null ? { folder: home, log: 'supervisor.log', environment: ofSearch } : { folder: runFolder(home, best), log: 'run.log', environment: { ...factsOf(store.run(best), home), ...ofSearch } };
  const trouble = await runCommand(plan.on_finish, { ...place, patience: patienceMs });
  return trouble === null ? null : `The command of on_finish ${trouble}; ${place.log} has what it said.`;
}

interface Place {
  readonly folder: string;
  /** A file in it, which gets what the command says. */
  readonly log: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly patience: number;
}

/** Resolves with what went wrong, null when nothing did. */
function runCommand(command: string, { folder, log: logName, environment, patience }: Place): Promise<string | null> {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, logName), 'a');
  return new Promise((resolve) => {
    // A group of its own, so that it can be ended whole; it outlives the terminal.
    const child = spawn('/bin/sh', ['-c', command], { cwd: folder, env: { ...process.env, ...environment }, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) endGroup(child.pid);
    }, patience);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve(`could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (late) resolve(`was ended after ${patience / 1000} seconds`);
      else resolve(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

/** What the command is told, in its environment alone: no shell ever reads a name or a reason as part of the command. */
function factsOf(run: RunRecord, home: string): Record<string, string> {
  const facts: Record<string, string | number | null> = {
    WORKBENCH_HOME: home,
    WORKBENCH_RUN_ID: run.id,
    WORKBENCH_RUN_NAME: run.name,
    WORKBENCH_RUN_STATE: run.state,
    WORKBENCH_RUN_REASON: run.reason,
    WORKBENCH_RUN_FOLDER: runFolder(home, run.id),
    WORKBENCH_RUN_OUTPUT: run.output,
    WORKBENCH_RUN_STEP: run.step,
    WORKBENCH_RUN_TOTAL_STEPS: run.total_steps,
    WORKBENCH_RUN_TRAIN_LOSS: run.train_loss,
    WORKBENCH_RUN_EVAL_LOSS: run.eval_loss,
    WORKBENCH_RUN_BEST_EVAL_LOSS: run.best_eval_loss,
    WORKBENCH_RUN_ACCURACY: run.accuracy,
  };
  // An environment holds no NUL; what does not apply is empty.
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value ?? '').replaceAll('\u0000', '')]));
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
