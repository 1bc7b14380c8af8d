/**
 * Beam search: several texts at once, of which the likeliest by length wins. As Transformers' `_beam_search` (5.23), which ends by the
 * same heuristics.
 */
import type { GenerationConfig } from '../../models/generation.js';
import type { Decoder } from './decoder.js';
import { restrain, type Restraints } from './restraints.js';

export interface Generation {
  readonly ids: readonly number[];
  readonly stopped: 'end' | 'length' | 'interrupted';
}

export interface BeamOptions extends Restraints, Pick<GenerationConfig, 'numBeams' | 'lengthPenalty' | 'earlyStopping'> {
  readonly interrupted?: () => boolean;
}

interface Beam {
  readonly ids: readonly number[];
  /** Σ log p; of a finished one, by its length to the power of the penalty. */
  readonly score: number;
  /** The one it goes on from. */
  readonly parent: number;
}

/** `given` counts the tokens of `opening` that an answer begins with, and which count as its own in its length. */
export async function searchBeams(decoder: Decoder, { opening, given }: { readonly opening: readonly number[]; readonly given: number }, options: BeamOptions): Promise<Generation> {
  const { numBeams, lengthPenalty, earlyStopping, stopIds, maxNewTokens, interrupted } = options;
  // Each beam may end in as many ways as there are stop tokens, and as many as there are beams must go on.
  const kept = Math.max(2, 1 + stopIds.length) * numBeams;
  const ends = ({ ids }: Beam): boolean => stopIds.includes(ids[ids.length - 1]);
  let running: readonly Beam[] = [{ ids: [], score: 0, parent: 0 }];
  let finished: readonly Beam[] = [];
  for (let said = 0; said < maxNewTokens; said++) {
    if (interrupted?.() === true) return { ids: running[0].ids, stopped: 'interrupted' };
    const rows = said === 0 ? [opening] : running.map(({ ids }) => ids.slice(-1));
    const scores = await decoder.read(rows, running.map(({ parent }) => parent));
    const candidates = likeliest(running, scores.map((row, i) => restrain(logSoftmax(row), { sequence: [...opening, ...running[i].ids], said }, options)), kept);
    const isLast = said === maxNewTokens - 1;
    const length = said + 1 + given;
    const done = candidates.slice(0, numBeams).filter((beam) => isLast || ends(beam)).map((beam) => ({ ...beam, score: beam.score / length ** lengthPenalty }));
    const wasFull = finished.length === numBeams;
    if (!(wasFull && earlyStopping === true)) finished = [...finished, ...done].sort((a, b) => b.score - a.score).slice(0, numBeams);
    running = candidates.filter((beam) => !ends(beam)).slice(0, numBeams);
    if (isLast || running.length === 0) break;

    const isFull = finished.length === numBeams;
    const longest = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens + given : length;
    const canImprove = !isFull || running[0].score / longest ** lengthPenalty > finished[numBeams - 1].score;
    if (!canImprove || (isFull && earlyStopping === true)) break;
  }
  const best = finished[0];
  return ends(best) ? { ids: best.ids.slice(0, -1), stopped: 'end' } : { ids: best.ids, stopped: 'length' };
}

/** The best continuations of all beams by one token, the likeliest first. */
function likeliest(beams: readonly Beam[], logProbabilities: readonly Float32Array[], count: number): Beam[] {
  const best: { beam: number; id: number; score: number }[] = [];
  logProbabilities.forEach((row, beam) => {
    const { score: before } = beams[beam];
    for (let id = 0; id < row.length; id++) {
      const score = before + row[id];
      if (best.length === count && !(score > best[count - 1].score)) continue;
      let at = best.length;
      while (at > 0 && best[at - 1].score < score) at--;
      best.splice(at, 0, { beam, id, score });
      if (best.length > count) best.pop();
    }
  });
  return best.map(({ beam, id, score }) => ({ ids: [...beams[beam].ids, id], score, parent: beam }));
}

/** In place. */
function logSoftmax(scores: Float32Array): Float32Array {
  const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const normalizer = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
  for (let i = 0; i < scores.length; i++) scores[i] -= normalizer;
  return scores;
}
