/** JSON: a line a row, or one list of rows, read element by element. */
import { UserError, messageOf } from '../../util/errors.js';
import { type OnRead, placeText, type ReadOptions, type RowAt, type RowReader, rowOf } from './row.js';
import { linesOf, textOf } from './text.js';

/** JSON Lines: one value a line; empty lines are nothing. */
export const readJsonLines: RowReader = async function* (file, { textColumn, after = 0, onRead }) {
  let left = after;
  for await (const { number: line, text } of linesOf(file, onRead)) {
    if (text.trim() === '' || left-- > 0) continue;
    yield rowOf(parse(text, { file, line }), { file, line }, textColumn);
  }
};

/** A list of rows; or an object whose only list holds them (`{"data": […]}`); or, though named .json, JSON Lines. */
export const readJson: RowReader = async function* (file, options) {
  let left = options.after ?? 0;
  switch (await layoutOf(file)) {
    case 'list':
      for await (const { text, ...place } of placedElements(file, options.onRead)) if (left-- <= 0) yield rowOf(parse(text, place), place, options.textColumn);
      return;
    case 'lines':
      yield* readJsonLines(file, options);
      return;
    case 'object':
      yield* readWrapped(file, options);
  }
};

async function layoutOf(file: string): Promise<'list' | 'lines' | 'object'> {
  for await (const piece of textOf(file)) { // not by lines: a list may be one line of many gigabytes
    const start = piece.trimStart();
    if (start.startsWith('[')) return 'list';
    if (start !== '') break;
  }
  let whole = false; // the first line is an object of its own
  for await (const { text } of linesOf(file)) {
    if (text.trim() === '') continue;
    if (whole) return 'lines';
    try {
      JSON.parse(text);
      whole = true;
    } catch {
      return 'object';
    }
  }
  return whole ? 'object' : 'lines';
}

async function* readWrapped(file: string, options: ReadOptions): ReturnType<RowReader> {
  const pieces: string[] = [];
  for await (const piece of textOf(file, options.onRead)) pieces.push(piece);
  const value = parse(pieces.join(''), { file, line: 1 });
  const lists = Object.values(Object(value)).filter((part): part is unknown[] => Array.isArray(part));
  if (lists.length !== 1) throw new UserError(`${file} must be a list of rows, or an object with one list in it; it is neither`);
  for (const [i, row] of lists[0].entries()) if (i >= (options.after ?? 0)) yield rowOf(row, { file, line: i + 1, counted: true }, options.textColumn);
}

interface Element {
  readonly line: number;
  readonly text: string;
}

/** The elements with their places: the line that each starts on, or in a list whose first two start on one its number. */
async function* placedElements(file: string, onRead?: OnRead): AsyncGenerator<RowAt & { readonly text: string }> {
  let number = 0;
  let first: Element | null = null;
  let counted = false;
  const placed = ({ line, text }: Element, at: number) => ({ file, text, ...(counted ? { line: at, counted } : { line }) });
  for await (const element of elementsOf(file, onRead)) {
    number++;
    if (first === null) {
      first = element; // it waits for the second
      continue;
    }
    if (number === 2) {
      counted = element.line === first.line;
      yield placed(first, 1);
    }
    yield placed(element, number);
  }
  if (number === 1 && first !== null) yield placed(first, 1);
}

/** The elements of a top-level list as text, each with the line it starts on. */
async function* elementsOf(file: string, onRead?: OnRead): AsyncGenerator<Element> {
  let line = 1;
  let depth = 0; //         0 outside the list, 1 between elements, more inside one
  let inString = false;
  let escaped = false;
  let closed = false;
  let startLine = 0; //     of the element being read; 0: none
  let held = ''; //         its text in earlier pieces

  for await (const piece of textOf(file, onRead)) {
    let from = 0;
    const finish = (end: number): Element => {
      const element = { line: startLine, text: held + piece.slice(from, end) };
      startLine = 0;
      held = '';
      return element;
    };
    for (let i = 0; i < piece.length; i++) {
      const character = piece[i];
      if (character === '\n') line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (character === '\\') escaped = true;
        else if (character === '"') inString = false;
        continue;
      }
      if (isSpace(character)) continue;
      if (closed) throw new UserError(`${file}:${line} goes on after the end of the list; write one list, or a row a line in a .jsonl file`);
      const ends = depth === 1 && (character === ',' || character === ']');
      if (ends && startLine > 0) yield finish(i);
      if (!ends && depth >= 1 && startLine === 0) {
        startLine = line;
        from = i;
      }
      if (character === '"') inString = true;
      else if (character === '[' || character === '{') depth++;
      else if (character === ']' || character === '}') depth--;
      closed = depth === 0;
    }
    if (startLine > 0) held += piece.slice(from);
  }
  if (!closed) throw new UserError(`${file}:${startLine || line} ends in the middle of the list; the file is cut off or a bracket is missing`);
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

function parse(text: string, place: RowAt): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${placeText(place, place.file)} is not valid JSON (${messageOf(error)}): correct the ${place.counted ? 'row' : 'line'}, or take it out`);
  }
}
