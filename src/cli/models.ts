import { discoverModels } from '../models/discover.js';
import { formatBytes, formatShort } from '../util/format.js';
import { modelPlaces, requireFolders } from './places.js';
import type { Terminal } from './terminal.js';
import { optional } from './view/runs.js';
import { table } from './view/table.js';

/** Lists the model folders that are found, usable or not, with the reason. */
export async function models(terminal: Terminal, folders: readonly string[], { json }: { readonly json?: true }): Promise<void> {
  const paths = modelPlaces(terminal.env, folders);
  requireFolders(folders);
  const found = discoverModels({ paths });
  if (json) {
    terminal.json(found);
    return;
  }
  if (found.length === 0) {
    terminal.note(`No model folder in ${paths.join(', ')}; give a folder, or set WORKBENCH_MODELS.`);
    return;
  }
  const lines = table(
    [
      { title: 'name', value: (model) => model.name, shrink: true },
      { title: 'type', value: (model) => model.modelType ?? '?' },
      { title: 'parameters', value: (model) => optional(model.parameters, formatShort), right: true },
      { title: 'size', value: (model) => optional(model.bytes, formatBytes), right: true },
      { title: 'dtype', value: (model) => model.dtype ?? '' },
      { title: 'path', value: (model) => model.path, tone: () => 'muted', spare: true },
      { title: 'not usable', value: (model) => model.reason ?? (model.tokenizer ? '' : 'alone: it has no tokenizer (name another folder as tokenizer)'), tone: () => 'warn' },
    ],
    found,
    { style: terminal.style, width: terminal.tableWidth },
  );
  terminal.print(lines.join('\n'));
}
