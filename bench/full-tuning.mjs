/** Every weight learns: milliseconds and peaks of an update beside PyTorch, with moments in full precision and in 8 bits. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fullBatch, measure } from './training.mjs';

/** bitsandbytes has no kernel for a processor: what its fallback takes for a million parameters says enough. */
const eightBit = fileURLToPath(new URL('eight-bit.py', import.meta.url));

/** `{ rows, eightBit }`: rows as those of the training section; what bitsandbytes takes for a million parameters in ms, null where it is not there. */
export async function benchFullTuning({ folder, python, log }) {
  /** @type {[string, number, number, object, number, boolean][]} */
  const cases = [
    ['4 × 128, adamw', 4, 128, { optim: 'adamw' }, 3, true],
    ['8 × 128, adamw', 8, 128, { optim: 'adamw' }, 2, true],
    ['4 × 128, adamw_8bit', 4, 128, { optim: 'adamw_8bit' }, 3, false],
    ['8 × 128, adamw_8bit', 8, 128, { optim: 'adamw_8bit' }, 2, false],
  ];
  const rows = [];
  for (const [name, count, length, train, times, beside] of cases) {
    const questions = Array.from({ length: 1 + times }, () => fullBatch(count, length));
    const result = await measure({ folder, finetuning: 'full', python: beside ? python : null, questions, skipped: 1, settings: { train }, theirSettings: {}, log, name });
    rows.push({ name, tokens: count * length, ...result });
  }
  return { rows, eightBit: python === null ? null : ofEightBit(python) };
}

function ofEightBit(python) {
  try {
    return JSON.parse(execFileSync(python, [eightBit], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 }).toString());
  } catch {
    return null;
  }
}
