/** Looks at everything a run will need. */
import { availableParallelism, totalmem } from 'node:os';
import { homeFolder } from '../config/home.js';
import { probeEngines } from '../engine/registry.js';
import { discoverModels } from '../models/discover.js';
import { openReader } from '../store/reader.js';
import { messageOf } from '../util/errors.js';
import { modelPlaces } from './places.js';
import type { Terminal } from './terminal.js';
import { doctorLines, type Examination, type StoreHealth } from './view/doctor.js';

/** Prints what works here, what does not, and what to do about it. */
export async function doctor(terminal: Terminal, { json }: { readonly json?: true }): Promise<void> {
  const examination = await examine(terminal);
  if (json) terminal.json(examination);
  else terminal.print(doctorLines(examination, terminal.style, terminal.tableWidth).join('\n'));
}

async function examine({ env, interactive, width, style }: Terminal): Promise<Examination> {
  const paths = modelPlaces(env);
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    available_memory_bytes: process.availableMemory(),
    terminal: {
      interactive,
      type: env['TERM'] ?? null,
      columns: width,
      rows: interactive ? process.stdout.rows : null,
      colors: interactive && process.stdout.hasColors(),
      unicode: style.glyphs.full !== '#',
    },
    store: storeHealth(homeFolder(env)),
    models: { paths, usable: discoverModels({ paths }).filter(({ supported }) => supported).length },
    engines: await probeEngines(),
  };
}

function storeHealth(home: string): StoreHealth {
  try {
    const reader = openReader(home);
    try {
      return { home, runs: reader.runs().length, problems: reader.damage() };
    } finally {
      reader.close();
    }
  } catch (error) {
    return { home, runs: null, problems: [messageOf(error)] };
  }
}
