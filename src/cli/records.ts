/** What the screen may do to runs that are kept, on the store of a home. */
import { resolve } from 'node:path';
import { startRun } from '../runner/client.js';
import { newRun } from '../runner/new-run.js';
import { prepareResume } from '../runner/resume.js';
import { runFolder } from '../store/folders.js';
import type { Store } from '../store/store.js';
import type { ExportFormat, Records } from '../ui/records.js';
import { removeRuns, renameRun } from './edit.js';
import { folderBytes } from './folder-bytes.js';

export interface RecordsOptions {
  expanded(path: string): string;
  /** Of a run with this id, away from whoever draws: a large model takes minutes. */
  exported(target: ExportTarget): Promise<void>;
}

export interface ExportTarget {
  readonly runId: string;
  readonly format: ExportFormat;
  /** An absolute path. */
  readonly out: string;
}

export function makeRecords(store: Store, home: string, { expanded, exported }: RecordsOptions): Records {
  const started = async (id: string): Promise<string> => {
    await startRun(home, id);
    return id;
  };
  return {
    tag: (runIds, change) => runIds.forEach((id) => store.tag(id, change)),
    note: (runIds, text) => runIds.forEach((id) => store.note(id, text)),
    rename: (runId, name) => renameRun(store, store.run(runId), name),
    archive: (runIds, archived) => runIds.forEach((id) => store.archive(id, archived)),
    bytes: async (runIds) => {
      let sum = 0;
      for (const id of runIds) sum += await folderBytes(runFolder(home, id));
      return sum;
    },
    remove: (runIds) => removeRuns(store, runIds.map((id) => store.run(id))),
    branch: async (runId) => {
      const run = store.run(runId);
      return started((await prepareResume(store, home, { run, options: { config: run.config, from: null, branch: true } })).id);
    },
    queueAgain: async (runIds) => {
      const ids = runIds.map((id) => newRun(store, home, { ...store.run(id).config, name: store.run(id).name }, id).id);
      for (const id of ids) await started(id);
      return ids;
    },
    exportFormats: async (runId) => (await import('./export.js')).formatsOf(store.run(runId)),
    export: async (runId, format, folder) => {
      const out = resolve(expanded(folder));
      await exported({ runId, format, out });
      return out;
    },
    remember: (name, value) => store.setPreference(name, value),
  };
}
