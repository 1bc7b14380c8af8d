import { existsSync, writeFileSync } from 'node:fs';
import { importExperiment } from '../config/foreign/import.js';
import { promptTemplates } from '../data/template/prompts.js';
import { messageOf, UserError } from '../util/errors.js';
import type { Terminal } from './terminal.js';

/** Makes an experiment file of a training file of LLaMA-Factory, and says what it could not take over. */
export function importFile(terminal: Terminal, file: string, { out }: { readonly out?: string }): void {
  if (out !== undefined && existsSync(out)) throw new UserError(`${out} is there already: name another file with --out`);
  const { text, notes, moot } = importExperiment(file, { templates: Object.keys(promptTemplates) });
  for (const note of notes) terminal.note(note);
  if (moot.length > 0) terminal.note(`not needed here: ${moot.join(', ')}`);
  if (out === undefined) return terminal.print(text.trimEnd());
  try {
    writeFileSync(out, text, { flag: 'wx' });
  } catch (error) {
    throw new UserError(`${out} cannot be written (${messageOf(error).split(',')[0]}): name another file with --out`);
  }
  terminal.print(`Written to ${out}; \`workbench train ${out}\` starts it.`);
}
