/** Prints the events of a run as they come: JSON lines, lines of a log, or lines above one that is redrawn. */
import type { EvalEvent, StepEvent, TrainEvent } from '../../trainer/events.js';
import type { Terminal } from '../terminal.js';
import { eventLine, statusLine } from './progress.js';

export interface EventPrinter {
  /** A failure is not shown but in JSON: its reason belongs on stderr, which is for the command to say. */
  show(event: TrainEvent): void;
  /** Leaves what is drawn behind, and the cursor on a line of its own. */
  end(): void;
}

const clearLine = '\r\u001b[2K';
/** A status is read by people: more often than this costs the network and tells them nothing. */
const redrawMilliseconds = 100;

export function eventPrinter(terminal: Terminal, json: boolean): EventPrinter {
  const end = () => undefined;
  if (json) return { show: (event) => terminal.print(JSON.stringify(event)), end };
  if (terminal.interactive) return redrawing(terminal);
  return {
    show(event) {
      if (event.type !== 'failed') terminal.print(eventLine(event, terminal.style));
    },
    end,
  };
}

function redrawing(terminal: Terminal): EventPrinter {
  const { style } = terminal;
  let step: StepEvent | null = null;
  let evaluation: EvalEvent | null = null;
  let drawn = 0;
  const status = () => (step === null ? '' : statusLine(step, evaluation, { width: terminal.width - 1, glyphs: style.glyphs }));
  const end = () => {
    if (step !== null) terminal.write(`${clearLine}${status()}\n`);
    step = null;
  };
  return {
    end,
    show(event) {
      if (event.type === 'step') {
        step = event;
        if (Date.now() - drawn < redrawMilliseconds) return;
        drawn = Date.now();
        terminal.write(`${clearLine}${status()}`);
        return;
      }
      if (event.type === 'eval') evaluation = event;
      if (event.type === 'completed' || event.type === 'stopped' || event.type === 'failed') end();
      if (event.type !== 'failed') terminal.write(`${step === null ? '' : clearLine}${eventLine(event, style)}\n${status()}`);
    },
  };
}
