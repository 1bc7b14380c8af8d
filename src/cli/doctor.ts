/** Looks at everything a run will need. */
import { probeEngines } from '../engine/registry.js';
import { formatBytes } from '../util/format.js';
import { clearTokenCache, examineCaches, examineMachine, examineModels, examineStore, examineTerminal, examineVersions } from './examination.js';
import { roundTrip } from './round-trip.js';
import type { Terminal } from './terminal.js';
import { doctorLines } from './view/doctor.js';
import type { Examination } from '../ui/screens/doctor/model.js';

interface Options {
  readonly json?: true;
  readonly clearCache?: true;
}

/** Prints what works here, what does not, and what to do about it. */
export async function doctor(terminal: Terminal, { json, clearCache }: Options): Promise<void> {
  if (clearCache) terminal.note(`${formatBytes(await clearTokenCache(terminal.env))} of tokenised rows removed; what needs them tokenises them again`);
  const examination = await examine(terminal);
  if (json) terminal.json(examination);
  else terminal.print(doctorLines(examination, terminal.style, terminal.tableWidth).join('\n'));
}

async function examine({ env, interactive, width, style }: Terminal): Promise<Examination> {
  const answers_after_ms = interactive && process.stdin.isTTY ? await roundTrip(process) : null;
  return {
    ...examineMachine(),
    versions: examineVersions(),
    terminal: examineTerminal(env, { interactive, columns: width, unicode: style.glyphs.full !== '#', answers_after_ms }),
    store: examineStore(env),
    caches: await examineCaches(env),
    models: examineModels(env),
    engines: await probeEngines(),
  };
}
