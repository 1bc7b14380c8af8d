import type { Rows } from './frame.js';

/**
 * Writes frames to a terminal: only the rows that changed, each at its own place, so that neither a missed
 * row nor a slow link can make the screen drift.
 */
export interface FrameWriter {
  /** There is a new frame; it is composed and written at the end of this turn, then at most every `interval` milliseconds. */
  show(frame: () => Rows): void;
  /** Forgets what the terminal shows: clears it and writes the whole frame, in one update. */
  repaint(): void;
  /** Writes nothing any more until the next repaint. */
  stop(): void;
}

const interval = 33;
const clearWindow = '\u001b[2J';
const [beginUpdate, endUpdate] = ['\u001b[?2026h', '\u001b[?2026l'];

export function makeFrameWriter(write: (data: string) => void): FrameWriter {
  let frame = (): Rows => [];
  let written: Rows = [];
  let stopped = false;
  let anew = false;
  let next: NodeJS.Immediate | null = null;
  let pause: NodeJS.Timeout | null = null;

  function flush(): void {
    next = null;
    if (stopped) return;
    const lines = frame();
    const changes = changedLines(written, lines);
    if (changes === '') return;
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
export function changedLines(before: Rows, after: Rows): string {
  const changed = after.map((line, row) => (line === before[row] ? '' : `\u001b[${row + 1};1H\u001b[K${line}`)).join('');
  return before.length > after.length ? `${changed}\u001b[${after.length + 1};1H\u001b[J` : changed;
}
