/** How curves are drawn: the same for every run that is looked at. */
import { xAxes } from './format/axis.js';
import type { XAxis } from './format/axis.js';
import { plotStyles } from './format/plot.js';
import type { PlotStyle } from './format/plot.js';
import type { Range } from './format/series.js';

export interface Drawing {
  /** Weight of the exponential average; one of `smoothings`. */
  readonly smoothing: number;
  readonly logarithmic: boolean;
  readonly axis: XAxis;
  readonly style: PlotStyle;
  /** The part of the run that is shown; null for all of it. */
  readonly window: Window | null;
  /** The loss of each set that a mixture is evaluated on, in place of that of all. */
  readonly sets: boolean;
}

/** In updates. An `end` of null follows the run. */
export interface Window {
  readonly span: number;
  readonly end: number | null;
}

export const smoothings = [0, 0.6, 0.9, 0.97, 0.99] as const;
export const initialDrawing: Drawing = { smoothing: 0, logarithmic: false, axis: 'step', style: 'line', window: null, sets: false };

export type DrawingAction =
  | { readonly type: 'smooth'; readonly by: 1 | -1 }
  | { readonly type: 'log-scale' }
  | { readonly type: 'axis' }
  | { readonly type: 'style' }
  | { readonly type: 'sets' }
  | { readonly type: 'zoom'; readonly by: 1 | -1 }
  | { readonly type: 'pan'; readonly by: 1 | -1 }
  | { readonly type: 'whole' };

/** A window has at least so many updates. */
const smallestSpan = 4;

/** `steps` are those that the run has. */
export function reduceDrawing(drawing: Drawing, action: DrawingAction, steps: Range): Drawing {
  switch (action.type) {
    case 'smooth':
      return { ...drawing, smoothing: next(smoothings, drawing.smoothing, action.by) };
    case 'log-scale':
      return { ...drawing, logarithmic: !drawing.logarithmic };
    case 'axis':
      return { ...drawing, axis: next(xAxes, drawing.axis, 1) };
    case 'style':
      return { ...drawing, style: next(plotStyles, drawing.style, 1) };
    case 'sets':
      return { ...drawing, sets: !drawing.sets };
    case 'zoom':
      return { ...drawing, window: zoomed(drawing.window, action.by, steps) };
    case 'pan':
      return drawing.window === null ? drawing : { ...drawing, window: panned(drawing.window, action.by, steps) };
    case 'whole':
      return drawing.window === null ? drawing : { ...drawing, window: null };
  }
}

function next<T>(all: readonly T[], now: T, by: 1 | -1): T {
  return all[(all.indexOf(now) + by + all.length) % all.length];
}

/** Half or twice as much; its middle stays, or its end where that is the newest point. */
function zoomed(window: Window | null, by: 1 | -1, { from, to }: Range): Window | null {
  const whole = to - from;
  const before = window?.span ?? whole;
  const span = Math.max(smallestSpan, Math.round(by === 1 ? before / 2 : before * 2));
  if (span >= whole) return null;
  const end = window?.end ?? null;
  return placed({ span, end: end === null ? null : Math.round(end + (span - before) / 2) }, { from, to });
}

/** A quarter of the window to the left or the right. */
function panned({ span, end }: Window, by: 1 | -1, steps: Range): Window {
  return placed({ span, end: Math.round((end ?? steps.to) + (by * span) / 4) }, steps);
}

/** Inside the run; at its end it follows. */
function placed({ span, end }: Window, { from, to }: Range): Window {
  return { span, end: end === null || end >= to ? null : Math.max(from + span, end) };
}

/** The updates that a window shows. */
export function windowRange({ span, end }: Window, { from, to }: Range): Range {
  const last = Math.min(end ?? to, to);
  return { from: Math.max(from, last - span), to: last };
}
