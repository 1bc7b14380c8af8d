/** Plain text files. */
import { UserError } from '../../util/errors.js';
import { passingOver, type RowReader } from './row.js';
import { linesOf } from './text.js';

/** Between documents in corpora made for GPT-2 (OpenWebText, TinyStories). */
export const documentEnd = '<|endoftext|>';

/** A longer running text is taken as several, at a line end, so that memory stays bounded. In UTF-16 units. */
const longestDocument = 1 << 21;

/**
 * Documents separated by `<|endoftext|>` where the file holds it. Else one running text with its line
 * ends, or, where rows are asked for, a row a line. Empty rows are nothing.
 */
export const readPlain: RowReader = passingOver(async function* (file, { textColumn, runningText, onRead }) {
  const documents = runningText || (await hasDocumentEnds(file));
  let lines: string[] = [];
  let units = 0;
  let first = 1;
  const take = (): { file: string; line: number; value: Record<string, string> } | null => {
    const text = lines.join('\n').replace(/^\n+|\n+$/g, '');
    const row = text.trim() === '' ? null : { file, line: first, value: { [textColumn]: text } };
    lines = [];
    units = 0;
    return row;
  };
  for await (const { number, text } of linesOf(file, onRead)) {
    for (const [i, part] of text.split(documentEnd).entries()) {
      if (i > 0 || !documents || units > longestDocument) {
        const row = take();
        if (row) yield row;
      }
      if (lines.length === 0) first = number;
      lines.push(part);
      units += part.length + 1;
    }
  }
  const row = take();
  if (row) yield row;
});

/** The text of a file as one row, whatever its lines are; a file that is no UTF-8 is a row that cannot be used: one of thousands. */
export const readDocument: RowReader = async function* (file, options) {
  try {
    yield* readPlain(file, { ...options, runningText: true });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    yield { file, line: 1, reason: 'it is not UTF-8 text' };
  }
};

async function hasDocumentEnds(file: string): Promise<boolean> {
  for await (const { text } of linesOf(file)) if (text.includes(documentEnd)) return true;
  return false;
}
