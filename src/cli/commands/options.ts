/** What the arguments and options of several commands share. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';

export const runHelp = 'id, the start of one, or name';

export function setOption() {
  return new Option('--set <key=value>', 'change a key of the experiment: --set lora.r=16 (again for more)')
    .default([] as string[])
    .argParser((assignment: string, before: string[]) => [...before, assignment]);
}

export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < minimum) throw new InvalidArgumentError(`Give a whole number of at least ${minimum}.`);
    return value;
  };
}

export function number(minimum: number, maximum = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const limits = maximum === Infinity ? (minimum === -Infinity ? '' : ` of at least ${minimum}`) : ` from ${minimum} to ${maximum}`;
    if (text.trim() === '' || !(value >= minimum && value <= maximum)) throw new InvalidArgumentError(`Give a number${limits}.`);
    return value;
  };
}

/** What a shell makes hard to write: `\n` and `\t` are a line end and a tab. */
export function escapedText(text: string): string {
  if (text === '') throw new InvalidArgumentError('Give a text that is not empty.');
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
}

export function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}
