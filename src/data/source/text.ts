/** Files as UTF-8 text, in pieces: byte order marks, other encodings and line ends are dealt with here. */
import { UserError } from '../../util/errors.js';
import { bytesOf } from './bytes.js';
import type { OnRead } from './row.js';

export interface Line {
  readonly number: number;
  /** Without its line end. */
  readonly text: string;
}

/** Pieces of a file's text; throws UserError with the line where it is not UTF-8. */
export async function* textOf(file: string, onRead?: OnRead): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true }); // drops a byte order mark
  let line = 1;
  let first = true;
  const decode = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      const bad = bytes === undefined ? 0 : linesBeforeBadByte(bytes);
      throw new UserError(`${file}:${line + bad} is not UTF-8 text; convert the file first, for example with iconv -f latin1 -t utf-8`);
    }
  };
  for await (const bytes of bytesOf(file, onRead)) {
    if (first && isUtf16(bytes)) throw new UserError(`${file} is UTF-16 text; convert it first, for example with iconv -f utf-16 -t utf-8`);
    first = false;
    const text = decode(bytes);
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line++;
    yield text;
  }
  yield decode();
}

/** Lines of a file, `\n` or `\r\n`. */
export async function* linesOf(file: string, onRead?: OnRead): AsyncGenerator<Line> {
  let number = 0;
  let rest = '';
  const line = (text: string): Line => ({ number: ++number, text: text.endsWith('\r') ? text.slice(0, -1) : text });
  for await (const piece of textOf(file, onRead)) {
    const parts = piece.split('\n');
    parts[0] = rest + parts[0];
    rest = parts[parts.length - 1];
    for (let i = 0; i < parts.length - 1; i++) yield line(parts[i]);
  }
  if (rest !== '') yield line(rest);
}

function isUtf16(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
}

/** Line ends before the first byte that no UTF-8 text can have there, looking at each line by itself. */
function linesBeforeBadByte(bytes: Uint8Array): number {
  const probe = new TextDecoder('utf-8', { fatal: true });
  let lines = 0;
  let skipped = 0;
  while (skipped < 3 && (bytes[skipped] & 0xc0) === 0x80) skipped++; // the end of a character begun in the piece before
  for (let from = skipped; from < bytes.length; lines++) {
    const end = bytes.indexOf(0x0a, from);
    try {
      probe.decode(bytes.subarray(from, end === -1 ? bytes.length : end));
    } catch {
      return lines;
    }
    if (end === -1) return lines;
    from = end + 1;
  }
  return lines;
}
