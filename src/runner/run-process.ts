/** Entry of a run process: `run-process.js <home> <run id>`. */
const early = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => early.abort(signal));

// Loading takes most of a second, in which the run may already be asked to stop.
const { runProcess } = await import('./run.js');
const [home, runId] = process.argv.slice(2);
process.exitCode = await runProcess({ home, runId, workerEntry: new URL('./worker.js', import.meta.url), early: early.signal });
// Only a thread that outlived its run can still be here then.
setTimeout(() => process.exit(), 1000).unref();

export {};
