/** The alternate screen: entered once, left whatever happens. */
import { render } from 'ink';
import type { Instance } from 'ink';
import type { ReactNode } from 'react';

export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

export interface Terminal {
  /** Draws everything anew, as after a resize: Ink alone would draw over what the terminal has moved. */
  redraw(): void;
  /** Gives the shell its terminal back until it continues this job. */
  suspend(): void;
  /** Restores the terminal; may be called again. */
  leave(): void;
}

const enterSequence = '\u001b[?1049h\u001b[2J\u001b[H';
const clearSequence = '\u001b[2J\u001b[H';
const leaveSequence = '\u001b[?1049l\u001b[?25h';

/** `failed` hears of an error that a component threw. */
export function enterTerminal(screen: ReactNode, { stdin, stdout }: Streams, failed: (error: unknown) => void): Terminal {
  let shown: Instance | null = null;

  function mount(): void {
    shown = render(screen, { stdin, stdout, exitOnCtrlC: false, patchConsole: false, incrementalRendering: true, maxFps: 30 });
    shown.waitUntilExit().catch(failed);
  }

  function unmount(): void {
    shown?.unmount();
    shown = null;
  }

  function enter(): void {
    stdout.write(enterSequence);
    mount();
  }

  function leave(): void {
    if (shown === null) return;
    unmount();
    stdout.write(leaveSequence);
    if (stdin.isTTY) stdin.setRawMode(false);
  }

  enter();
  return {
    leave,
    redraw() {
      if (shown === null) return;
      unmount();
      stdout.write(clearSequence);
      mount();
    },
    suspend() {
      leave();
      process.once('SIGCONT', enter);
      // The whole job, for `npm start` waits in front of this process.
      process.kill(0, 'SIGTSTP');
    },
  };
}
