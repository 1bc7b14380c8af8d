/** Texts cut, padded and wrapped by the columns they take in a terminal. */
import stringWidth from 'string-width';

const asciiOnly = /^[\x20-\x7e]*$/;
/** With what the screen draws frames, charts and arrows of: one column each (25fd and 25fe are emoji). */
const narrowOnly = /^[\x20-\x7e\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc\u2800-\u28ff]*$/;
// eslint-disable-next-line no-control-regex
const controls = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u001f\u007f-\u009f]/g;
const graphemes = new Intl.Segmenter();

/** Columns that a one-line text takes. */
export function widthOf(text: string): number {
  return narrowOnly.test(text) ? text.length : stringWidth(text);
}

/** A text from outside on one line: no escape sequence or control character of it reaches the terminal. */
export function clean(text: string, newline = ' '): string {
  return asciiOnly.test(text) ? text : text.replace(controls, (found) => (found === '\n' ? newline : found === '\t' ? ' ' : ''));
}

/** At most `width` columns, with `ellipsis` (one column) where something was cut. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text;
  return width <= 0 ? '' : head(text, width - 1) + ellipsis;
}

/** The same from the left, for paths: their end tells more. */
export function cutLeft(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  for (const { segment } of [...graphemes.segment(text)].reverse()) {
    if (widthOf(segment + kept) > width - 1) break;
    kept = segment + kept;
  }
  return ellipsis + kept;
}

/** Exactly `width` columns. */
export function fit(text: string, width: number, options: { readonly right?: boolean; readonly ellipsis?: string } = {}): string {
  const shown = cut(text, width, options.ellipsis);
  const space = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return options.right ? space + shown : shown + space;
}

/** Lines of at most `width` columns (2 or more: a wide character is not split), broken at spaces where there are any; line breaks of the text are kept. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => wrapParagraph(clean(paragraph), Math.max(2, width)));
}

function wrapParagraph(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    let rest = word;
    if (widthOf((line + rest).trimEnd()) > width && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    while (widthOf(rest.trimEnd()) > width) {
      const first = head(rest, width);
      if (first === '') break;
      lines.push(first);
      rest = rest.slice(first.length);
    }
    line += rest;
  }
  return [...lines, line.trimEnd()];
}

function head(text: string, width: number): string {
  if (narrowOnly.test(text)) return text.slice(0, width);
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (widthOf(kept + segment) > width) break;
    kept += segment;
  }
  return kept;
}
