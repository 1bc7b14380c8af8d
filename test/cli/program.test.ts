import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';
import { memoryTerminal } from './samples.js';
import { repository, Workplace } from './workbench.js';

const place = new Workplace();
afterAll(() => place.remove());

const commands = buildProgram(memoryTerminal()).commands.map((command) => command.name());

describe('help', () => {
  it.each(commands)('%s has a description and an example that begins with it', (name) => {
    const terminal = memoryTerminal();
    const command = buildProgram(terminal).commands.find((one) => one.name() === name);
    command?.outputHelp();
    expect(command?.description()).not.toBe('');
    expect(terminal.out.join('')).toMatch(new RegExp(`Example:\\n {2}\\$ workbench ${name}( |\\n|$)`));
  });

  it('marks what must be given, and tells no default that is nothing', () => {
    const helpOf = (name: string) => {
      const terminal = memoryTerminal();
      buildProgram(terminal).commands.find((one) => one.name() === name)?.outputHelp();
      return terminal.out.join('').replaceAll(/\s+/g, ' ');
    };
    expect(helpOf('export')).toContain('--out <folder> a folder that is not there yet, or an empty one (required)');
    expect(helpOf('generate')).toContain('of the choices (default: 0)');
    expect(helpOf('train')).not.toContain('default');
  });

  it('names every command, on stdout, with exit code 0', async () => {
    const { code, stdout, stderr } = await place.run('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
    expect(await place.run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('what cannot be understood', () => {
  it.each([
    [['trian'], "unknown command 'trian'\n(Did you mean train?)"],
    [['runs', '--sorts', 'name'], "unknown option '--sorts'\n(Did you mean --sort?)"],
    [['train'], "missing required argument 'experiment'"],
    [['generate', 'x', '--prompt', 'a', '--stop', ''], "option '--stop <text>' argument '' is invalid. Give a text that is not empty."],
    [['generate', 'x', '--prompt', 'a', '--temperature', '-1'], "option '--temperature <t>' argument '-1' is invalid. Give a number of at least 0."],
    [['generate', 'x', '--prompt', 'a', '--top-k', '1.5'], "option '--top-k <k>' argument '1.5' is invalid. Give a whole number of at least 0."],
    [['export', 'x', '--format', 'tflite', '--out', 'y'], "option '--format <format>' argument 'tflite' is invalid. Allowed choices are peft, merged, gguf, gguf-lora, onnx."],
    [[], 'the screen needs a terminal; without one use a command: workbench --help'],
  ])('%j: one sentence on stderr, exit code 2', async (args, sentence) => {
    expect(await place.run(...args)).toEqual({ code: 2, stdout: '', stderr: `workbench: ${sentence}\n` });
  });
});
