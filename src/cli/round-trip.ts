/** How far away the terminal is. */

/** Where the cursor is: every terminal answers that, with `ESC [ row ; column R`. */
const question = '\u001b[6n';
// eslint-disable-next-line no-control-regex
const reply = /\u001b\[\d+;\d+R/;

export interface Line {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/**
 * Milliseconds from a question to the terminal's answer; null where none comes. Who reads the keyboard meanwhile gets
 * every key, and nothing of the answer.
 */
export async function roundTrip({ stdin, stdout }: Line, patienceMs = 2000): Promise<number | null> {
  const others = stdin.listeners('readable') as (() => void)[];
  const wasRaw = stdin.isRaw;
  stdin.removeAllListeners('readable');
  stdin.setRawMode(true);
  stdin.ref();
  const begin = performance.now();
  return new Promise((resolve) => {
    const end = (milliseconds: number | null): void => {
      clearTimeout(timer);
      for (const other of others) stdin.on('readable', other);
      stdin.off('readable', read);
      if (!wasRaw) {
        stdin.setRawMode(false);
        stdin.pause();
        stdin.unref();
      }
      resolve(milliseconds);
    };
    const read = (): void => {
      const came = performance.now();
      const text = String(stdin.read() ?? '');
      const rest = text.replace(reply, '');
      if (rest !== '') {
        stdin.unshift(rest, stdin.readableEncoding ?? 'utf8');
        for (const other of others) other();
      }
      if (rest !== text) end(came - begin);
    };
    const timer = setTimeout(() => end(null), patienceMs);
    stdin.on('readable', read);
    stdout.write(question);
  });
}
