import type { Frame, Part } from './frame.js';

/**
 * Writes frames to a terminal: only the parts of rows that changed, each at its own place, so that neither a missed
 * part nor a slow link can make the screen drift.
 */
export interface FrameWriter {
  /** There is a new frame; it is composed and written at the end of this turn, then at most every `interval` milliseconds. */
  show(frame: () => Frame): void;
  /** Forgets what the terminal shows: clears it and writes the whole frame, in one update. */
  repaint(): void;
  /** Writes nothing any more until the next repaint. */
  stop(): void;
}

const interval = 33;
const clearWindow = '\u001b[2J';
const [beginUpdate, endUpdate] = ['\u001b[?2026h', '\u001b[?2026l'];

export function makeFrameWriter(write: (data: string) => void): FrameWriter {
  let frame = (): Frame => [];
  let written: Frame = [];
  let stopped = false;
  let anew = false;
  let next: NodeJS.Immediate | null = null;
  let pause: NodeJS.Timeout | null = null;

  function flush(): void {
    next = null;
    if (stopped) return;
    const latest = frame();
    const changes = difference(written, latest);
    if (changes === '') return;
    write(beginUpdate + (anew ? clearWindow : '') + changes + endUpdate);
    anew = false;
    written = latest;
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

/** What turns one frame into the other; empty when they are the same. A row that is divided otherwise than before is erased first: after its last column, erasing would take that away again. */
export function difference(before: Frame, after: Frame): string {
  const changed = after.map((parts, row) => rowDifference(before[row], parts, row + 1)).join('');
  return before.length > after.length ? `${changed}\u001b[${after.length + 1};1H\u001b[J` : changed;
}

function rowDifference(before: readonly Part[] | undefined, after: readonly Part[], row: number): string {
  const divided = before?.length === after.length && after.every(({ left, width }, i) => left === before[i].left && width === before[i].width);
  const parts = divided ? after.filter(({ text }, i) => text !== before[i].text) : after;
  return (divided ? '' : `\u001b[${row};1H\u001b[K`) + parts.map(({ left, text }) => `\u001b[${row};${left + 1}H${text}`).join('');
}
