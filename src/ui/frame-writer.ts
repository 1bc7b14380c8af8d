/**
 * Writes frames to a terminal: only the lines that changed, each at its own place, so that neither a missed
 * line nor a slow link can make the screen drift. (Ink's own incremental rendering counts lines from the
 * cursor and, in 6.8, the last for Node 20, is off by one after a frame that ends in a line break.)
 */
export interface FrameWriter {
  /** Takes the newest frame; it is written at the end of this turn, then at most every `interval` milliseconds. */
  show(frame: string): void;
  /** Forgets what the terminal shows: clears it and writes the whole frame, in one update. */
  repaint(): void;
  /** Writes nothing any more until the next repaint. */
  stop(): void;
}

const interval = 33;
const clearWindow = '\u001b[2J';
const [beginUpdate, endUpdate] = ['\u001b[?2026h', '\u001b[?2026l'];

export function makeFrameWriter(write: (data: string) => void): FrameWriter {
  let frame = '';
  let written: readonly string[] = [];
  let stopped = false;
  let anew = false;
  let next: NodeJS.Immediate | null = null;
  let pause: NodeJS.Timeout | null = null;

  function flush(): void {
    next = null;
    const lines = frame.split('\n');
    const changes = changedLines(written, lines);
    if (stopped || changes === '') return;
    write(beginUpdate + (anew ? clearWindow : '') + changes + endUpdate);
    anew = false;
    written = lines;
    pause = setTimeout(() => {
      pause = null;
      flush();
    }, interval);
  }

  return {
    show(latest) {
      frame = latest;
      if (!next && !pause) next = setImmediate(flush);
    },
    repaint() {
      stopped = false;
      anew = true;
      written = [];
      if (pause) clearTimeout(pause);
      pause = null;
      next ??= setImmediate(flush);
    },
    stop() {
      stopped = true;
      if (pause) clearTimeout(pause);
      if (next) clearImmediate(next);
      pause = next = null;
    },
  };
}

/** What turns one frame into the other; empty when they are the same. Lines are erased before, not after, they are written: after the last column, erasing would take it away again. */
export function changedLines(before: readonly string[], after: readonly string[]): string {
  const changed = after.map((line, row) => (line === before[row] ? '' : `\u001b[${row + 1};1H\u001b[K${line}`)).join('');
  return before.length > after.length ? `${changed}\u001b[${after.length + 1};1H\u001b[J` : changed;
}
