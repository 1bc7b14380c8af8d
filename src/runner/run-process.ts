/** Entry of a run process: `run-process.js <home> <run id>`. */
import { runProcess } from './run.js';

const [home, runId] = process.argv.slice(2);
process.exitCode = await runProcess({ home, runId, workerEntry: new URL('./worker.js', import.meta.url) });
// Only a thread that outlived its run can still be here then.
setTimeout(() => process.exit(), 1000).unref();
