import type { Environment } from '../../config/home.js';
import type { CommandOutput } from '../../ui/command-line/commands.js';
import { toned } from '../../ui/command-line/toned.js';
import { themeFor } from '../../ui/theme.js';
import { explain } from '../explain.js';
import type { ExitCode, Terminal } from '../terminal.js';

/** A terminal that is a pane of the screen: nothing is redrawn in it, and what goes to stderr goes there too. */
export function paneTerminal({ width, write }: Pick<CommandOutput, 'width' | 'write'>, env: Environment): Terminal {
  const { glyphs } = themeFor(env, { ascii: false });
  return {
    env: env as NodeJS.ProcessEnv,
    interactive: false,
    width,
    height: Infinity,
    tableWidth: width,
    style: { glyphs, paint: toned },
    write,
    print: (line = '') => write(`${line}\n`),
    note: (line) => write(`${toned(unnamed(line), 'muted')}\n`),
    json: (value) => write(`${JSON.stringify(value, null, 2)}\n`),
  };
}

/** Says what was thrown as bad news. */
export function explainIn(terminal: Terminal, error: unknown): ExitCode {
  return explain(error, { ...terminal, note: (text) => terminal.print(toned(unnamed(text), 'bad')) });
}

/** Without the name of the program, which is the screen's own here. */
function unnamed(line: string): string {
  return line.replace(/^workbench: /, '');
}
