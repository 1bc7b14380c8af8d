import { homeFolder } from '../config/home.js';
import { reconcile } from '../runner/client.js';
import { openReader } from '../store/reader.js';
import { eachReference, newestRun } from './reference.js';
import type { Terminal } from './terminal.js';
import { readCurve, seriesOver } from '../ui/screens/compare/model.js';
import { configDifferences, pastOf } from '../ui/screens/compare/settings.js';
import { differenceTable, endTable } from './view/compare.js';
import { overlay } from './view/overlay.js';

/** Puts runs side by side: their ends, what was set differently, their losses in one chart. */
export async function compare(terminal: Terminal, references: readonly string[], { json }: { readonly json?: true }): Promise<void> {
  const home = homeFolder(terminal.env);
  reconcile(home);
  const reader = openReader(home);
  try {
    const runs = eachReference(reader, references).map((reference) => newestRun(terminal, reader, reference));
    const differences = configDifferences(runs.map(({ id, config }) => ({ config, past: pastOf(reader, id) })));
    if (json) {
      terminal.json({ runs, differences });
      return;
    }
    const { style, width } = terminal;
    const series = runs.map((run) => seriesOver(readCurve(reader, run.id, 'loss'), 'step'));
    const sections = [endTable(runs, { now: Date.now(), style, width: terminal.tableWidth }), differenceTable(differences, runs.length, { style, width: terminal.tableWidth }), overlay(series, { width, style })];
    terminal.print(sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n'));
  } finally {
    reader.close();
  }
}
