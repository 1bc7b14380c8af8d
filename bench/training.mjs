/** A LoRA update of a GPT-2-small shape, ours and PyTorch's in turn, each in a process of its own. */
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { batchOf } from './gpt2-small.mjs';
import { startPeer } from './peer.mjs';
import { median } from './report.mjs';

export const warmUps = 2;
export const rounds = 7;
/** OpenMP's threads go on spinning for 0.2 s after a step; they must not take time from the other side's. */
const restMs = 400;

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * One row of the table for each size: `{ rows, length, ours, theirs, ratio, memoryRatio, lossDifference }`;
 * what needs PyTorch is null where `python` has none.
 */
export async function benchTraining({ folder, python, finetuning = 'lora', sizes, log }) {
  const results = [];
  let theirsMissing = null;
  for (const [rows, length] of sizes) {
    const question = { rows, length, ids: batchOf(rows, length) };
    const sides = { ours: startPeer(process.execPath, [here('step.mjs'), folder, finetuning]) };
    if (python !== null && theirsMissing === null) sides.theirs = startPeer(python, [here('step.py'), folder, finetuning]);
    const answers = { ours: [], theirs: [] };
    for (let round = 0; round < warmUps + rounds; round++) {
      for (const [name, peer] of Object.entries(sides)) {
        try {
          answers[name].push(await peer.ask(question));
        } catch (error) {
          if (name === 'ours') throw error;
          theirsMissing = error.message;
          delete sides.theirs;
        }
        await pause(restMs);
      }
      log(`${rows} × ${length}, update ${round + 1}: ${Object.keys(sides).map((name) => `${name} ${Math.round(answers[name].at(-1).ms)} ms`).join(', ')}`);
    }
    for (const peer of Object.values(sides)) await peer.end();
    const [ours, theirs] = [summary(answers.ours), summary(answers.theirs)];
    results.push({ rows, length, ours, theirs, lossDifference: theirs && Math.max(...ours.losses.map((loss, i) => Math.abs(loss - theirs.losses[i]))) });
  }
  return { results, theirsMissing };
}

function summary(answers) {
  if (answers.length <= warmUps) return null;
  const timed = answers.slice(warmUps).map(({ ms }) => ms);
  return { ms: median(timed), fastest: Math.min(...timed), peakBytes: answers.at(-1).peakBytes, losses: answers.map(({ loss }) => loss), description: answers[0].description };
}
