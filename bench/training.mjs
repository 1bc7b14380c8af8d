/** Updates of a GPT-2-small shape, ours and PyTorch's in turn, each in a process of its own. */
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { batchOf } from './gpt2-small.mjs';
import { startPeer } from './peer.mjs';
import { median } from './report.mjs';

export const warmUps = 1;
export const rounds = 5;
/** OpenMP's threads go on spinning for 0.2 s after a step; they must not take time from the other side's. */
const restMs = 400;

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A batch of full rows in which every position predicts the next token. */
export function fullBatch(rows, length) {
  return { rows, length, ids: batchOf(rows, length) };
}

/**
 * What each side takes for `questions`, the first `skipped` of which warm up: `{ ours, theirs, lossDifference }` with
 * medians and fastest in milliseconds, the sum of them, and the peak of the process. `theirs` is null where `python` is null,
 * and `theirsMissing` says why where it has not what it takes. `settings` are keys of the experiment; with `alsoSettings` ours
 * takes turns with another process of ours, `also`. `padded` are the same updates for all others than ours, where those are laid out in another way.
 */
export async function measure({ folder, finetuning = 'lora', python, questions, padded = questions, skipped = warmUps, settings = {}, theirSettings = settings, alsoSettings = null, log, name }) {
  const sides = { ours: startPeer(process.execPath, [here('step.mjs'), folder, finetuning, JSON.stringify(settings)]) };
  if (python !== null) sides.theirs = startPeer(python, [here('step.py'), folder, finetuning, JSON.stringify(theirSettings)]);
  if (alsoSettings !== null) sides.also = startPeer(process.execPath, [here('step.mjs'), folder, finetuning, JSON.stringify(alsoSettings)]);
  const answers = { ours: [], theirs: [], also: [] };
  let theirsMissing = null;
  const mostLabels = Math.max(...questions.map(({ rows, length, labels }) => labels?.length ?? rows * (length - 1)));
  for (const [round, question] of questions.entries()) {
    for (const [side, peer] of Object.entries(sides)) {
      try {
        answers[side].push(await peer.ask({ ...(side === 'ours' ? question : padded[round]), mostLabels }));
      } catch (error) {
        if (side !== 'theirs') throw error;
        theirsMissing = error.message;
        delete sides.theirs;
      }
      await pause(restMs);
    }
    log(`${name}, update ${round + 1}: ${Object.keys(sides).map((side) => `${side} ${Math.round(answers[side].at(-1).ms)} ms`).join(', ')}`);
  }
  for (const peer of Object.values(sides)) await peer.end();
  const ours = summary(answers.ours, skipped);
  const theirs = theirsMissing === null && python !== null ? summary(answers.theirs, skipped) : null;
  const lossDifference = theirs && Math.max(...ours.losses.map((loss, i) => Math.abs(loss - theirs.losses[i])));
  return { ours, theirs, theirsMissing, lossDifference, also: alsoSettings && summary(answers.also, skipped) };
}

function summary(answers, skipped) {
  const timed = answers.slice(skipped).map(({ ms }) => ms);
  return { ms: median(timed), fastest: Math.min(...timed), totalMs: timed.reduce((a, b) => a + b, 0), peakBytes: answers.at(-1).peakBytes, losses: answers.map(({ loss }) => loss), description: answers[0].description };
}

/** Rows of the first table: full precision, a 4-bit base, checkpointing. PyTorch has no 4-bit base on a CPU; it keeps f32. */
export async function benchTraining({ folder, python, log }) {
  /** @type {[string, number, number, object, object, number, object?][]} */
  const cases = [
    ['4 × 128', 4, 128, {}, {}, rounds],
    ['8 × 128', 8, 128, {}, {}, rounds],
    ['4 × 128, int4 base', 4, 128, { quantization: 'int4' }, {}, rounds, {}],
    ['8 × 512, checkpointing', 8, 512, { checkpointing: true }, { checkpointing: true }, 1],
    ['4 × 128, torch.compile', 4, 128, {}, { compile: true }, 3],
  ];
  const results = [];
  for (const [name, rows, length, settings, theirSettings, times, alsoSettings = null] of cases) {
    const questions = Array.from({ length: warmUps + times }, () => fullBatch(rows, length));
    results.push({ name, tokens: rows * length, ...(await measure({ folder, python, questions, settings, theirSettings, alsoSettings, log, name })) });
  }
  return results;
}
