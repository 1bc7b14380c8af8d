/** How busy this machine is. */
import { cpus, totalmem } from 'node:os';
import { queryNvidia } from './nvidia.js';
import type { Gpu } from './nvidia.js';

export interface MachineReading {
  /** Share of all cores that worked since the reading before, in [0, 1]; null at first. */
  readonly cpu: number | null;
  readonly cores: number;
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** Empty without NVIDIA. */
  readonly gpus: readonly Gpu[];
}

export type Meter = () => Promise<MachineReading>;

/** The tool takes some tenths of a second of a core: it is asked this rarely, in milliseconds. */
const gpuEvery = 4000;

/** A meter to be read now and then. Where the NVIDIA tool is missing or finds no driver at first, it is not asked again. */
export function makeMeter(clock: () => number = Date.now): Meter {
  let ticks = readTicks();
  let gpus: readonly Gpu[] = [];
  let absent = false;
  let asked = -Infinity;
  return async () => {
    const before = ticks;
    ticks = readTicks();
    if (!absent && clock() - asked >= gpuEvery) {
      asked = clock();
      const found = await queryNvidia();
      absent = found === null && gpus.length === 0;
      gpus = found ?? gpus;
    }
    const total = ticks.total - before.total;
    const limit = memoryLimit();
    return { cpu: total > 0 ? (ticks.busy - before.busy) / total : null, cores: cpus().length, usedBytes: Math.max(0, limit - process.availableMemory()), totalBytes: limit, gpus };
  };
}

function readTicks(): { readonly busy: number; readonly total: number } {
  const times = cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({ busy: user + nice + sys + irq, idle }));
  const busy = times.reduce((sum, each) => sum + each.busy, 0);
  return { busy, total: times.reduce((sum, { idle }) => sum + idle, busy) };
}

/** Of the machine, or of the container where that has less. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
