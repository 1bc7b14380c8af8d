/** A line of the prompt in words, quoted as in a shell. */

export interface Word {
  /** Without its quotes. */
  readonly text: string;
  /** Where it lies in the line. */
  readonly from: number;
  readonly to: number;
}

/** A quote that is not closed reaches to the end. */
export function wordsOf(line: string): Word[] {
  return [...line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"?|'[^']*'?|\\$)+/gs)].map((found) => ({ text: unquoted(found[0]), from: found.index, to: found.index + found[0].length }));
}

function unquoted(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"?|'([^']*)'?|\\(.?)/gs, (_, double?: string, single?: string, escaped?: string) => (double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(["\\])/g, '$1')));
}

/** As it has to be typed to be one word. */
export function quoted(text: string): string {
  return text !== '' && /^[^\s"'\\]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
