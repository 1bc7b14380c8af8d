/** Prints the events of a run as they come: JSON lines, lines of a log, or lines above one that is redrawn. */
import type { EvalEvent, StepEvent, TrainEvent } from '../../trainer/events.js';
import type { Terminal } from '../terminal.js';
import { eventLine, statusLine } from './progress.js';

export interface EventPrinter {
  show(event: TrainEvent): void;
  /** A line of our own between the events, on stderr. */
  note(line: string): void;
}

const clearLine = '\r\u001b[2K';
/** A status is read by people: more often than this costs the network and tells them nothing. */
const redrawMilliseconds = 100;

export function eventPrinter(terminal: Terminal, json: boolean): EventPrinter {
  if (json) return { show: (event) => terminal.print(JSON.stringify(event)), note: terminal.note };
  if (!terminal.interactive) {
    return { show: (event) => terminal.print(eventLine(event, terminal.style)), note: terminal.note };
  }
  return redrawing(terminal);
}

function redrawing(terminal: Terminal): EventPrinter {
  const { style } = terminal;
  let step: StepEvent | null = null;
  let evaluation: EvalEvent | null = null;
  let drawn = 0;
  const status = () => (step === null ? '' : statusLine(step, evaluation, { width: terminal.width - 1, glyphs: style.glyphs }));
  return {
    show(event) {
      if (event.type === 'step') {
        step = event;
        const last = event.step === event.total_steps;
        if (!last && Date.now() - drawn < redrawMilliseconds) return;
        drawn = Date.now();
        terminal.write(`${clearLine}${status()}`);
        return;
      }
      if (event.type === 'eval') evaluation = event;
      const over = event.type === 'completed' || event.type === 'stopped' || event.type === 'failed';
      // The last status stays in the scrollback, above the end.
      terminal.write(over && step !== null ? `${clearLine}${status()}\n` : clearLine);
      terminal.write(`${eventLine(event, style)}\n${over ? '' : status()}`);
    },
    note(line) {
      terminal.write(clearLine);
      terminal.note(line);
      terminal.write(status());
    },
  };
}
