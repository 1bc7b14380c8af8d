/** The alternate screen: entered once, left whatever happens. */
import { render } from 'ink';
import type { ReactNode } from 'react';
import type { Frame } from './frame.js';
import { makeFrameWriter } from './frame-writer.js';

export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

export interface Terminal {
  /** Draws everything anew, as after a resize. */
  redraw(): void;
  /** Gives the shell its terminal back until it continues this job. */
  suspend(): void;
  ring(): void;
  /** Restores the terminal for good; may be called again. */
  leave(): void;
}

/** Alternate screen, no wrapping at the right edge, no cursor; and the way back. */
const enterSequence = '\u001b[?1049h\u001b[?7l\u001b[?25l\u001b[2J';
const leaveSequence = '\u001b[?25h\u001b[?7h\u001b[?1049l';

/** A stop comes within this, in milliseconds. */
const resumeAfter = 200;

/** `screenOf` is handed what takes its frames; `failed` hears of an error that a component threw. */
export function enterTerminal(screenOf: (show: (frame: () => Frame) => void) => ReactNode, { stdin, stdout }: Streams, failed: (error: unknown) => void): Terminal {
  const writer = makeFrameWriter((data) => void stdout.write(data));
  let inside = false;
  let unstopped: NodeJS.Timeout | undefined;

  function enter(): void {
    inside = true;
    stdout.write(enterSequence);
    if (stdin.isTTY) stdin.setRawMode(true);
    writer.repaint();
  }

  function exit(): void {
    if (!inside) return;
    inside = false;
    writer.stop();
    stdout.write(leaveSequence);
    if (stdin.isTTY) stdin.setRawMode(false);
  }

  function resume(): void {
    endSuspension();
    enter();
  }

  function endSuspension(): void {
    clearTimeout(unstopped);
    process.off('SIGCONT', resume);
  }

  enter();
  // `debug` spares Ink its timers and its own ways to write; what it would write is empty.
  const shown = render(screenOf(writer.show), { stdin, stdout: silent(stdout), debug: true, exitOnCtrlC: false, patchConsole: false });
  shown.waitUntilExit().catch(failed);
  return {
    leave() {
      endSuspension();
      exit();
      shown.unmount();
    },
    redraw() {
      if (inside) writer.repaint();
    },
    ring() {
      if (inside) stdout.write('\u0007');
    },
    suspend() {
      exit();
      process.once('SIGCONT', resume);
      // The whole job, for `npm start` waits in front of this process.
      process.kill(0, 'SIGTSTP');
      // Where no shell could continue it (`ssh -t host workbench`) the kernel drops the signal: nothing has stopped.
      unstopped = setTimeout(resume, resumeAfter);
    },
  };
}

/** The stream for Ink, which asks it for its size and must write nothing to it. */
function silent(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  // Ink ends with an empty write and goes on when that is done.
  const write = (_: string, done?: () => void): boolean => {
    done?.();
    return true;
  };
  return new Proxy(stream, {
    get(target, property) {
      if (property === 'write') return write;
      if (property === 'isTTY') return false;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
