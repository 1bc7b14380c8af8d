import { homeFolder } from '../config/home.js';
import { reconcile } from '../runner/client.js';
import { openReader } from '../store/reader.js';
import { clean } from '../ui/format/text.js';
import { newestRun } from './reference.js';
import type { Terminal } from './terminal.js';
import { chartText } from './view/chart.js';
import { runFacts, settingsLines } from './view/run.js';
import { csvLines } from './view/csv.js';
import { metricLines, stepRows } from './view/metrics.js';

interface Options {
  readonly metrics?: true;
  readonly csv?: true;
  readonly json?: true;
}

/** Tells one run; with --metrics every point of its curves, with --csv nothing else. */
export async function show(terminal: Terminal, reference: string, { metrics, csv, json }: Options): Promise<void> {
  const home = homeFolder(terminal.env);
  reconcile(home);
  const reader = openReader(home);
  try {
    const run = newestRun(terminal, reader, reference);
    if (json) {
      terminal.json(metrics ? { ...run, metrics: reader.metrics(run.id) } : run);
      return;
    }
    if (csv) {
      const { keys, rows } = stepRows(reader.metrics(run.id));
      csvLines(['step', 'time', ...keys], rows.map(({ step, time, values }) => [step, time, ...keys.map((key) => values.get(key) ?? null)])).forEach(terminal.print);
      return;
    }
    const { style, width } = terminal;
    const chart = chartText(reader.metrics(run.id, ['loss', 'eval_loss']), { width, style });
    const sections = [
      runFacts(run, { now: Date.now(), style }),
      settingsLines(run.config, style),
      chart,
      reader.warnings(run.id).map((warning) => style.paint(`warning: ${clean(warning)}`, 'warn')),
      metrics ? metricLines(reader.metrics(run.id), style) : [],
    ];
    terminal.print(sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n'));
  } finally {
    reader.close();
  }
}
