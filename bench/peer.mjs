/** A process of its own that answers one line of JSON with one line of JSON. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export function startPeer(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let diagnostics = '';
  child.stderr.on('data', (chunk) => (diagnostics = (diagnostics + chunk).slice(-2000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.once('error', (error) => (diagnostics += error.message));
  child.stdin.on('error', () => undefined); // a peer that has died says so by ending
  return {
    /** Rejects with what the process printed when it ends instead of answering. */
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${args.join(' ')} ended: ${lastError(diagnostics)}`);
      return JSON.parse(value);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The line that names the error: Python's is the last, Node's stands above its stack. */
function lastError(diagnostics) {
  const lines = diagnostics.trim().split('\n');
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
}
