import { CommanderError } from '@commander-js/extra-typings';
import { expect, it } from 'vitest';
import { explain } from '../../src/cli/explain.js';
import { UserError } from '../../src/util/errors.js';
import { memoryTerminal } from './samples.js';

it('gives the user a sentence, and us a stack', () => {
  const terminal = memoryTerminal();
  expect(explain(new UserError('there is no run "x"'), terminal)).toBe(2);
  expect(terminal.err).toEqual(['workbench: there is no run "x"\n']);

  expect(explain(new TypeError('x is undefined'), terminal)).toBe(70);
  expect(terminal.err[1]).toMatch(/^TypeError: x is undefined\n {4}at .*explain\.test\.ts/);
  expect(terminal.err[2]).toMatch(/please report/);
  expect(terminal.out).toEqual([]);
});

it('lets the command line speak for itself', () => {
  const terminal = memoryTerminal();
  expect(explain(new CommanderError(0, 'commander.helpDisplayed', ''), terminal)).toBe(0);
  expect(explain(new CommanderError(1, 'commander.unknownCommand', ''), terminal)).toBe(2);
  expect(terminal.err).toEqual([]);
});
