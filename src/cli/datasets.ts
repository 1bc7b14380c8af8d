import { discoverDatasets, pairLines } from '../data/look/discover.js';
import { clean } from '../ui/format/text.js';
import { formatBytes, formatCount } from '../util/format.js';
import { datasetPlaces, requireFolders } from './places.js';
import type { Terminal } from './terminal.js';
import { optional } from './view/runs.js';
import { table } from './view/table.js';

/** Lists the datasets that are found, with the format that their columns fit. */
export async function datasets(terminal: Terminal, folders: readonly string[], { json }: { readonly json?: true }): Promise<void> {
  const paths = datasetPlaces(terminal.env, folders);
  requireFolders(folders);
  const found = await discoverDatasets(paths);
  if (json) {
    terminal.json(found);
    return;
  }
  if (found.length === 0) {
    terminal.note(`No dataset in ${paths.join(', ')}; give a folder with jsonl, json, csv, tsv or txt files.`);
    return;
  }
  const lines = table(
    [
      { title: 'name', value: (dataset) => dataset.name, shrink: true },
      { title: 'format', value: (dataset) => dataset.guess ?? '?' },
      { title: 'rows', value: (dataset) => optional(dataset.rows, formatCount), right: true },
      { title: 'size', value: (dataset) => optional(dataset.bytes, formatBytes), right: true },
      { title: 'columns', value: (dataset) => dataset.columns.join(', '), spare: true },
      { title: 'path', value: (dataset) => dataset.path, tone: () => 'muted', shrink: true },
      { title: 'not usable', value: (dataset) => dataset.reason ?? '', tone: () => 'warn' },
    ],
    found,
    { style: terminal.style, width: terminal.tableWidth },
  );
  terminal.print(lines.join('\n'));
  for (const { name, guess, columns } of found) {
    const read = guess === null ? pairLines(columns) : null;
    if (read !== null) terminal.note(`${clean(name)} is read with dataset: {${read}, path: …}`);
  }
}
