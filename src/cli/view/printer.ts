/** Prints the events of a run as they come: JSON lines, lines of a log, or lines above one that is redrawn. */
import type { EvalEvent, PreparingEvent, StepEvent, TrainEvent } from '../../trainer/events.js';
import type { RunRecord } from '../../store/rows.js';
import { called } from '../../ui/format/run.js';
import type { Terminal } from '../terminal.js';
import { clearLine, eventLine, preparingLine, statusLine } from './progress.js';

export interface EventPrinter {
  /** A failure is not shown but in JSON: its reason belongs on stderr, which is for the command to say. */
  show(event: TrainEvent, time: string): void;
  /** Leaves what is drawn behind, and the cursor on a line of its own. */
  end(): void;
  /** Takes what is drawn away: something else is to be said. */
  clear(): void;
}

/** A status is read by people: more often than this costs the network and tells them nothing. */
const redrawMilliseconds = 100;

/** A line of `--json`: an event, its time, and with the start of a run which one it is. */
export function jsonEvent(event: TrainEvent, time: string, { id, name }: Named): Record<string, unknown> {
  return { time, ...event, ...(event.type === 'started' ? { id, name } : {}) };
}

type Named = Pick<RunRecord, 'id' | 'name'>;

export function eventPrinter(terminal: Terminal, { run, json }: { readonly run: Named; readonly json: boolean }): EventPrinter {
  const nothing = () => undefined;
  if (json) return { show: (event, time) => terminal.print(JSON.stringify(jsonEvent(event, time, run))), end: nothing, clear: nothing };
  if (terminal.interactive) return redrawing(terminal, run);
  return {
    show(event) {
      if (event.type !== 'failed') terminal.print(eventText(event, terminal, run));
    },
    end: nothing,
    clear: nothing,
  };
}

/** An event in lines of the terminal's width; the start of a run begins with its name, which attach and stop ask for. */
function eventText(event: TrainEvent, { style, width, interactive }: Terminal, run: Named): string {
  const lines = eventLine(event, style, interactive ? width : Infinity);
  return event.type === 'started' ? `${called(run)}\n${lines}` : lines;
}

function redrawing(terminal: Terminal, run: Named): EventPrinter {
  const { style } = terminal;
  let preparing: PreparingEvent | null = null;
  let step: StepEvent | null = null;
  let evaluation: EvalEvent | null = null;
  let drawn = 0;
  const status = () => {
    if (step !== null) return statusLine(step, evaluation, { width: terminal.width - 1, glyphs: style.glyphs });
    return preparing === null ? '' : preparingLine(preparing, { width: terminal.width - 1, glyphs: style.glyphs });
  };
  const forget = () => {
    step = null;
    preparing = null;
  };
  const end = () => {
    if (status() !== '') terminal.write(`${clearLine}${status()}\n`);
    forget();
  };
  const clear = () => {
    if (status() !== '') terminal.write(clearLine);
    forget();
  };
  return {
    end,
    clear,
    show(event) {
      if (event.type === 'step') {
        step = event;
        if (performance.now() - drawn < redrawMilliseconds) return;
        drawn = performance.now();
        terminal.write(`${clearLine}${status()}`);
        return;
      }
      if (event.type === 'preparing') {
        preparing = event;
        terminal.write(`${clearLine}${status()}`);
        return;
      }
      if (event.type === 'eval') evaluation = event;
      if (event.type === 'completed' || event.type === 'failed') end();
      if (event.type === 'stopped') clear();
      const drawnOver = status() === '' ? '' : clearLine;
      if (event.type === 'started') preparing = null;
      if (event.type !== 'failed') terminal.write(`${drawnOver}${eventText(event, terminal, run)}\n${status()}`);
    },
  };
}
