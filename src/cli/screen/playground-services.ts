/** What the playground needs: runs and model folders as voices, and the process in which they answer. */
import { resolve } from 'node:path';
import { existsSync } from 'node:fs';
import type { Environment } from '../../config/home.js';
import type { Beside } from '../../runner/beside.js';
import type { RunRecord, StoreReader } from '../../store/rows.js';
import type { News, PlaygroundServices, Subject, Voice } from '../../ui/screens/playground/services.js';
import { UserError } from '../../util/errors.js';
import type { BesideWork } from './beside.js';
import { modelPlaces } from '../places.js';

export function playgroundServices(reader: StoreReader, env: Environment, beside: Beside<BesideWork>): PlaygroundServices {
  const known = async (subject: Omit<Subject, 'chat'>): Promise<Subject> => ({ ...subject, chat: await beside.call('hasChat', subject.tokenizer) });
  return {
    open: async (what) => {
      if ('runId' in what) {
        const run = reader.run(what.runId);
        const { config } = run;
        return known({ name: run.name, runId: run.id, voices: voicesOf(run), tokenizer: config.tokenizer ?? config.model, experiment: config });
      }
      const [{ resolveModelPath }, { folderSubject }] = await Promise.all([import('../../models/discover.js'), import('../subject.js')]);
      const { model, experiment } = folderSubject(existsSync(what.model) ? resolve(what.model) : resolveModelPath(what.model, modelPlaces(env)), undefined);
      return known({ name: what.model, runId: null, voices: [{ label: 'base', model, adapter: null }], tokenizer: model, experiment });
    },
    generate: (question, { signal, onNews }) => beside.call<'generate', News>('generate', question, { signal, onPiece: onNews }),
    evalRow: (subject, index) => beside.call('evalRow', { subject, index }),
  };
}

/** The base unless it had random values, the checkpoints that are there, and the result. */
export function voicesOf(run: Pick<RunRecord, 'id' | 'name' | 'state' | 'config' | 'checkpoints' | 'output'>): Voice[] {
  const { model, finetuning, init } = run.config;
  const voice = (label: string, folder: string): Voice => (finetuning === 'lora' ? { label, model, adapter: folder } : { label, model: folder, adapter: null });
  const learned = run.checkpoints.filter(({ path }) => existsSync(path)).map(({ step, path }) => voice(`step ${step}`, path));
  const result = run.output !== null && existsSync(run.output) ? [voice('result', run.output)] : [];
  if (learned.length + result.length === 0) throw new UserError(`${run.name} (${run.id}, ${run.state}) has saved nothing yet that could answer.`);
  return [...(init === 'pretrained' && existsSync(model) ? [{ label: 'base', model, adapter: null }] : []), ...learned, ...result];
}
