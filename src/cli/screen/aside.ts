/** Entry of the threads beside the screen: what would make it wait is done here. */
import { join } from 'node:path';
import { homeFolder } from '../../config/home.js';
import type { Experiment } from '../../config/schema.js';
import type { DatasetEntry } from '../../data/look/discover.js';
import type { DataPreview } from '../../data/look/preview.js';
import type { ModelEntry } from '../../models/discover.js';
import { serveAside } from '../../runner/aside.js';
import type { Examination, StoreHealth } from '../../ui/screens/doctor/model.js';
import type { Estimate } from '../../trainer/estimate.js';
import type { Measurement } from '../../trainer/events.js';
import type { Estimator } from './estimator.js';
import { tokenCache } from '../experiment.js';
import { datasetPlaces, modelPlaces } from '../places.js';
import type { ExportTarget } from '../records.js';

const { env } = process;
let estimator: Promise<Estimator> | undefined;
let measured: readonly Measurement[] = [];

interface EstimateCall {
  readonly experiment: Experiment;
  /** Of finished runs, which whoever asks has from the store. */
  readonly measurements: readonly Measurement[];
  readonly rows?: number;
}

/** Modules load when they are first needed: a thread that searches never builds a graph. */
const handlers = {
  async models(): Promise<ModelEntry[]> {
    return (await import('../../models/discover.js')).discoverModels({ paths: modelPlaces(env) });
  },
  async examineModels(): Promise<Examination['models']> {
    return (await import('../examination.js')).examineModels(env);
  },
  async examineStore(): Promise<StoreHealth> {
    return (await import('../examination.js')).examineStore(env);
  },
  async datasets(): Promise<DatasetEntry[]> {
    return (await import('../../data/look/discover.js')).discoverDatasets(datasetPlaces(env));
  },
  async estimate({ experiment, measurements, rows }: EstimateCall): Promise<Estimate> {
    measured = measurements;
    estimator ??= import('./estimator.js').then(({ makeEstimator }) => makeEstimator(env, () => measured));
    return (await estimator)(experiment, rows === undefined ? {} : { rows });
  },
  async exportRun({ runId, format, out }: ExportTarget): Promise<void> {
    const [{ exportTo }, { openReader }] = await Promise.all([import('../export.js'), import('../../store/reader.js')]);
    const reader = openReader(homeFolder(env));
    try {
      await exportTo(reader.run(runId), { format, out });
    } finally {
      reader.close();
    }
  },
  async preview(experiment: Experiment): Promise<DataPreview> {
    const [{ previewDataset }, { loadTokenizer }] = await Promise.all([import('../../data/look/preview.js'), import('../../data/tokenizer/index.js')]);
    const tokenizer = await loadTokenizer(experiment.tokenizer ?? experiment.model);
    return previewDataset(experiment, tokenizer, { cacheFolder: tokenCache(env), previewFolder: join(homeFolder(env), 'cache', 'preview') });
  },
};

export type AsideHandlers = typeof handlers;

serveAside(handlers);
