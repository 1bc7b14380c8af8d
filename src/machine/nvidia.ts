/** What the NVIDIA driver says of its devices, by the tool that comes with it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Null is what a device does not tell. */
export interface Gpu {
  readonly name: string;
  /** Share of the time in which a kernel ran, in [0, 1]. */
  readonly utilisation: number | null;
  readonly usedBytes: number | null;
  readonly totalBytes: number | null;
  /** Degrees Celsius. */
  readonly temperature: number | null;
  readonly watts: number | null;
  readonly wattsLimit: number | null;
}

const fields = ['name', 'utilization.gpu', 'memory.used', 'memory.total', 'temperature.gpu', 'power.draw', 'power.limit'];
const mebibyte = 2 ** 20;
const patienceMs = 5000;

/** Every device, asked in a process of its own; null where there is no such tool, or it cannot speak with a driver. */
export async function queryNvidia(): Promise<readonly Gpu[] | null> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'], { timeout: patienceMs });
    return parseNvidia(stdout);
  } catch {
    return null;
  }
}

/** One device a line; "[N/A]" and "[Not Supported]" stand for what it does not tell. */
export function parseNvidia(text: string): readonly Gpu[] {
  return text.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const cells = line.split(',').map((cell) => cell.trim());
    const numbers = cells.slice(-(fields.length - 1)).map((cell) => (cell !== '' && Number.isFinite(Number(cell)) ? Number(cell) : null));
    const [share, used, total, temperature, watts, wattsLimit] = numbers;
    const scaled = (value: number | null, by: number): number | null => (value === null ? null : value * by);
    return {
      name: cells.slice(0, 1 - fields.length).join(', '),
      utilisation: scaled(share, 0.01), usedBytes: scaled(used, mebibyte), totalBytes: scaled(total, mebibyte),
      temperature, watts, wattsLimit,
    };
  });
}
