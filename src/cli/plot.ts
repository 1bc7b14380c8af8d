import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import { lossPlot, plottedRun } from '../export/plot.js';
import { openReader } from '../store/reader.js';
import { messageOf, UserError } from '../util/errors.js';
import { eachReference, newestRun } from './reference.js';
import type { Terminal } from './terminal.js';

/** Draws the losses of runs over each other. */
export async function plot(terminal: Terminal, references: readonly string[], { out }: { readonly out: string }): Promise<void> {
  if (extname(out).toLowerCase() !== '.svg') throw new UserError(`${out}: what is drawn is SVG; give --out a name that ends in .svg`);
  const reader = openReader(homeFolder(terminal.env));
  try {
    const runs = eachReference(reader, references).map((reference) => newestRun(terminal, reader, reference));
    const picture = lossPlot(runs.map((run) => plottedRun(reader, run)));
    if (picture === null) throw new UserError(`${runs.map(({ name }) => name).join(', ')}: fewer than two points of a loss, which make no line; see: workbench show ${runs[0].id}`);
    await writeFile(resolve(out), picture).catch((error: unknown) => {
      throw new UserError(`${out} cannot be written: ${messageOf(error)}`);
    });
    terminal.print(`wrote ${resolve(out)}`);
  } finally {
    reader.close();
  }
}
