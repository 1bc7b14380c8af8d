/** docs/ui.md: the keys are made from the tables that dispatch them, the commands from the table that runs them; after a change: npm run docs. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { usageOf, type ReplCommand } from '../../src/cli/repl/command.js';
import { commandTable } from '../../src/cli/repl/commands.js';
import { programCommands } from '../../src/cli/repl/program-commands.js';
import { references } from '../../src/cli/repl/references.js';
import { processTerminal } from '../../src/cli/terminal.js';
import { allTables } from '../../src/ui/key-tables.js';
import { makeTheme } from '../../src/ui/theme.js';
import { keyName } from '../../src/ui/widgets/footer.js';

const page = fileURLToPath(new URL('../../docs/ui.md', import.meta.url));
const { glyphs } = makeTheme({ color: false, unicode: true });

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function shown(keys: readonly string[]): string {
  const digits = keys.filter((key) => /^\d$/.test(key)).length > 2;
  return [...(digits ? ['`0`–`9`'] : []), ...keys.filter((key) => !digits || !/^\d$/.test(key)).map((key) => `\`${keyName(key, glyphs)}\``)].join(' ');
}

const introduction = `# The screen

\`workbench\` opens it. Everything has a key, and the keys that hold now are in the last line; \`?\` explains them all. The number keys go
to the screens; \`[\` and \`]\` to the one before and after, where a screen does not use them itself. It needs 72 columns and 18 rows.
Runs never depend on it: \`q\`, a closed window or a lost connection leave them going.

## Command line and palette

\`:\` opens the command line on any screen. It takes every command of \`workbench\` and, by name, every key of the experiment:
\`set lora.r 16\` changes the new run, \`run\` starts it, \`queue add\` puts it in line, \`set quickstart learning_rate=1e-4\` changes a
live run. Tab completes commands, runs, keys, choices and paths; the line above the text says what it means; ↑ goes through earlier
lines, of earlier sessions too (\`command-history\` in the home, the last 1000). Results stay in the pane: PgUp and PgDn scroll.
What deletes asks first; so does \`workbench rm\` in a shell, where a script needs \`--yes\`.

\`Ctrl-P\` opens the palette: commands, runs, models, datasets, keys of the experiment and screens, found by some of their letters.

\`workbench repl\` is the same without a screen: a prompt at a terminal (any, a dumb one too), and a script where standard input is none.
A script ends at its first command that fails, with that command's exit code; \`#\` begins a remark.

    printf 'set lora.r 16\\nset train.max_steps 200\\nrun r16\\n' | workbench repl`;

const appearance = `## Keys of your own

\`keys.yaml\` in the home (\`WORKBENCH_HOME\`) gives other keys to what is below, by table. What is wrong in it is said when the screen
opens; the rest counts.

\`\`\`yaml
Live:
  s: x            # stop is on x; what was on x is on nothing
  p: [p, space]   # pause is on the space bar too
Runs:
  R: ctrl+r
all:              # every table that has the key
  j: n
  k: e
\`\`\`

A key is a character, \`ctrl+\` and a letter, or \`space enter esc tab shift+tab backspace up down left right pageup pagedown home end\`.

## Colours

Sixteen colours by meaning, in two palettes for dark and light backgrounds, both without red against green: states have their word
beside them and curves their marker. \`:theme dark\`, \`light\`, \`none\` or \`auto\` changes it for good, \`WORKBENCH_THEME\` is what holds before; \`auto\` believes \`COLORFGBG\` and
else takes dark. \`NO_COLOR\` is honoured. \`workbench --ascii\` (\`WORKBENCH_ASCII=1\`), a locale without UTF-8 and the Linux console draw in plain characters.

\`Ctrl-Z\` suspends the screen alone, \`fg\` brings it back. However it ends, the terminal is given back as it was.`;

it('tells every key and every command', async () => {
  const keys = allTables.flatMap(({ title, tables }) => [
    `### ${title}`,
    ...tables.map((table) => [
      ...(table.title === title && tables.length === 1 ? [] : [`**${table.title}**`, '']),
      '| key | does |', '| --- | --- |', ...table.bindings.map((binding) => `| ${shown(binding.keys)} | ${cell(binding.does)} |`),
    ].join('\n')),
  ]);
  const inProgram = new Set(programCommands(processTerminal()).map(({ name }) => name));
  const where = ({ name, needsScreen }: ReplCommand): string => (needsScreen ? ' (`:` only)' : inProgram.has(name) ? '' : ' (`:` and `workbench repl` only)');
  const commands = commandTable(processTerminal()).map((command) => `| \`${`${command.name} ${usageOf(command)}`.trim().replaceAll('|', '\\|')}\` | ${cell(command.summary)}${where(command)} |`);
  const runs = Object.entries(references).map(([name, { note }]) => `\`${name}\` (${note})`).join(', ');
  const sections = [
    introduction, appearance,
    ['## Commands', '', 'Every one is also a command of the shell (`workbench runs`), but for those marked.', '', '| command | does |', '| --- | --- |', ...commands, '', `In place of a run: its id, the start of one, its name, or ${runs}. In a shell there is no mark and no run looked at.`].join('\n'),
    '## Keys', ...keys,
    'This page is made from the tables of keys and commands (`npm run docs`).',
  ];
  await expect(`${sections.join('\n\n')}\n`).toMatchFileSnapshot(page);
});
