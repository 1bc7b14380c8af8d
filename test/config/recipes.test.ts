/** The recipes that are shipped can be read, and the program takes the commands that they and the documentation name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { buildProgram } from '../../src/cli/program.js';
import { readAnyExperiment, readExperiment } from '../../src/config/file.js';
import { readSearch } from '../../src/config/search/file.js';
import { trialsOf } from '../../src/config/search/trials.js';
import { messageOf } from '../../src/util/errors.js';
import { memoryTerminal } from '../cli/samples.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(repository, 'experiments');

const files = readdirSync(folder).filter((file) => /\.(ya?ml|ts)$/.test(file));

it.each(files.filter((file) => file !== 'search.yaml'))('experiments/%s is an experiment of that name', async (file) => {
  const { name } = await readAnyExperiment(join(folder, file));
  expect(name).toBe(file.replace(/\.\w+$/, ''));
});

it('experiments/search.yaml is a search over one of them', () => {
  const path = join(folder, 'search.yaml');
  const { experiment, ...search } = readSearch(path);
  const { experiment: base } = readExperiment(experiment);
  expect(trialsOf({ ...search, experiment }, base)).toHaveLength(12);
  expect(() => readExperiment(path)).toThrow(`${path} is a search: begin it with workbench search ${path}`);
});

/** The `workbench …` commands in the comments of recipes and in the fenced blocks of the documentation, as a shell splits them. */
function commandsOf(file: string): { readonly file: string; readonly line: string }[] {
  const text = readFileSync(join(repository, file), 'utf8');
  const written = file.endsWith('.md')
    ? [...text.matchAll(/^( *)```\w*\n(.*?)^\1```/gms)].map(([, , block]) => block).join('\n')
    : text.split('\n').filter((line) => line.startsWith('#')).map((line) => line.replace(/^# ?/, '')).join('\n');
  const lines = written.replaceAll(/\\\n\s*/g, '').split('\n').map((line) => line.trim());
  return lines.flatMap((line) => (/^(bin\/)?workbench( |$)/.test(line) && !usage.test(line) ? [{ file, line }] : []));
}

/** A line that says what may be given, or draws a picture, is no command. */
const usage = /\[--|\||──/;

/** Words as in a shell: quotes hold together, so do <places to fill in>; a comment, or two spaces and what it does, end it. A $variable that stands alone is left out. */
function wordsOf(line: string): string[] {
  const command = line.replace(/ {2,}.*$/, '').replace(/\s+#.*$/, '');
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|<[^>]*>|[^\s'"<])+/g)].map(([word]) => word.replaceAll(/['"]/g, '')).slice(1).filter((word) => !/^\$\w+$/.test(word));
}

/** The program's own definition, with nothing behind it. */
function emptyProgram(): CommandUnknownOpts {
  const program = buildProgram(memoryTerminal(), () => Promise.resolve());
  const empty = (command: CommandUnknownOpts): void => {
    command.action(() => undefined);
    command.commands.forEach(empty);
  };
  empty(program);
  return program;
}

const documents = [
  'README.md',
  ...readdirSync(join(repository, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
  ...readdirSync(folder).filter((file) => /\.(ya?ml)$/.test(file)).map((file) => `experiments/${file}`),
];

it.each(documents.flatMap(commandsOf))('$file: $line', async ({ line }) => {
  await expect(emptyProgram().parseAsync(wordsOf(line), { from: 'user' }).then(() => 'taken', messageOf)).resolves.toBe('taken');
});
