import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rows of strings as a Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** How many cores other work keeps busy, over a second in which this process rests. */
export async function coresBusy() {
  const busy = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const [before, start] = [busy(), performance.now()];
  await wait(1000);
  return (busy() - before) / (performance.now() - start);
}

export const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;

/** What the figures depend on: processor, cores, memory, Node. */
export function machine() {
  const flags = read('/proc/cpuinfo');
  const vectors = ['avx512f', 'avx2'].find((flag) => flags.includes(flag)) ?? 'no AVX2';
  return `${cpus()[0].model.trim()} (${vectors}), ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
