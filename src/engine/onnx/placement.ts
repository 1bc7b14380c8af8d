/**
 * Where ONNX Runtime computed what: it decides by itself which ops a device gets and gives the others to the CPU, and tells it only
 * in its profile of a run.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { z } from 'zod';
import type { Placement } from '../contract.js';

const profile = z.array(z.object({ cat: z.string(), args: z.object({ op_name: z.string().optional(), provider: z.string().optional() }).loose() }).loose());

/** Options of a session whose first run is recorded; `prefix` is the path of a file that is not there yet, without its ending. */
export function recorded(prefix: string): Pick<InferenceSession.SessionOptions, 'enableProfiling' | 'profileFilePrefix'> {
  return { enableProfiling: true, profileFilePrefix: prefix };
}

/** Ends the recording, and removes its file. */
export async function placementOf(session: InferenceSession, prefix: string): Promise<Placement> {
  session.endProfiling();
  const folder = dirname(prefix);
  const name = (await readdir(folder)).find((each) => each.startsWith(`${basename(prefix)}_`) && each.endsWith('.json'));
  if (name === undefined) throw new Error(`ONNX Runtime has left no profile at ${prefix}`);
  const path = join(folder, name);
  const text = await readFile(path, 'utf8');
  await rm(path);
  return readPlacement(text);
}

/** Of a profile in ONNX Runtime's format. */
export function readPlacement(text: string): Placement {
  const left: Record<string, number> = {};
  let total = 0;
  for (const { cat, args } of profile.parse(JSON.parse(text))) {
    if (cat !== 'Node' || args.op_name === undefined || args.provider === undefined) continue;
    total++;
    if (args.provider === 'CPUExecutionProvider') left[args.op_name] = (left[args.op_name] ?? 0) + 1;
  }
  return { total, left };
}
