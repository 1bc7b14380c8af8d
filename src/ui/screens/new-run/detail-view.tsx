import { memo, useMemo } from 'react';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { wrap } from '../../format/text.js';
import { Pane, frame } from '../../widgets/pane.js';
import { useTheme } from '../../widgets/theme-context.js';
import { adviceLines, costLines, fittedLines, warningLines } from './cost-lines.js';
import { lengthLines, rowLines } from './data-lines.js';
import { viewTitles, views } from './detail.js';
import type { View } from './detail.js';
import { valueAt } from './draft.js';
import { changeLines, fileLines } from './file-lines.js';
import { adviceOf, currentProblem, dataKey } from './state.js';
import type { NewRunState } from './state.js';

interface CostPaneProps {
  readonly state: NewRunState;
  readonly focused: boolean;
  readonly width: number;
  readonly height: number;
}

/** What the draft would take, with advice; and what is wrong with it. */
export const CostPane = memo(function CostPane({ state, focused, width, height }: CostPaneProps) {
  const theme = useTheme();
  const inside = width - frame.columns;
  const problem = currentProblem(state) ?? null;
  const { assessment, probe } = state;
  const estimate = assessment?.estimate ?? null;
  const working = assessment?.draft !== state.draft;
  const preview = state.looked?.preview ?? null;
  const title = line(viewTitles.costs, [state.starting ? `  starting${theme.glyphs.ellipsis}` : working ? `  ${theme.glyphs.ellipsis}` : '', 'accent']);
  const problems = [problem, state.looked?.of === dataKey(state.draft) ? state.looked.problem : null, probe?.problem ?? null].filter((text) => text !== null);
  const bad = [...new Set(problems)];
  const figures = estimate ? costLines({ estimate, pace: assessment?.pace ?? null, probe, preview }, inside, theme) : problem === null ? [line([`Estimating${theme.glyphs.ellipsis}`, 'muted'])] : [];
  const wrong = bad.length === 0 ? [] : [...warningLines(bad, inside, 'bad'), blank];
  const lines = [...wrong, ...fittedLines(figures, estimate ? adviceLines(adviceOf(state), inside) : [], height - frame.rows - wrong.length)];
  return <Pane title={title} width={width} height={height} focused={focused} lines={lines.slice(focused ? Math.min(state.detail.scroll, Math.max(0, lines.length - height + frame.rows)) : 0)} />;
});

interface DetailPaneProps {
  readonly state: NewRunState;
  readonly view: View;
  readonly width: number;
  readonly height: number;
}

/** The view that was chosen, scrolled. */
export const DetailPane = memo(function DetailPane({ state, view, width, height }: DetailPaneProps) {
  const { glyphs } = useTheme();
  const focused = state.pane === 'detail';
  const { detail, looked, draft, written } = state;
  const lines = useMemo(() => (view === 'costs' ? [] : viewLines(state, view, { width: width - frame.columns, glyphs })), [view, width, glyphs, detail, looked, draft, written, state.base, state.knobs]);
  if (view === 'costs') return <CostPane state={state} focused={focused} width={width} height={height} />;
  const from = Math.max(0, Math.min(detail.scroll, lines.length - (height - frame.rows)));
  const more = from + height - frame.rows < lines.length ? `  ${glyphs.down} ${lines.length - from - height + frame.rows} more` : '';
  return <Pane title={[...titleOf(view, width), { text: more, tone: 'muted' }]} width={width} height={height} focused={focused} lines={lines.slice(from)} />;
});

/** All the views where there is room for their names. */
function titleOf(view: View, width: number): Line {
  if (width < 60) return line(viewTitles[view]);
  return views.flatMap((each): Line => [{ text: each === view ? `[${viewTitles[each]}]` : viewTitles[each], tone: each === view ? 'accent' : 'muted', bold: each === view }, { text: '  ' }]);
}

function viewLines(state: NewRunState, view: Exclude<View, 'costs'>, area: Parameters<typeof changeLines>[1]): Line[] {
  const waiting = (text: string): Line[] => [line([`${text}${area.glyphs.ellipsis}`, 'muted'])];
  const maxLength = valueAt(state.draft, 'max_length');
  const { looked, written } = state;
  switch (view) {
    case 'rows':
    case 'lengths': {
      const problem = looked?.problem ?? currentProblem(state);
      if (problem) return wrap(problem, area.width).map((text) => line([text, 'bad']));
      if (!looked?.preview) return waiting('Reading the data');
      return view === 'rows' ? rowLines(looked.preview, state.detail, area) : lengthLines(looked.preview, typeof maxLength === 'number' ? maxLength : 0, area);
    }
    case 'changes':
      return changeLines(state, area);
    case 'file':
      if (written?.problem) return wrap(written.problem, area.width).map((text) => line([text, 'bad']));
      return written?.text ? fileLines(written.text, area) : waiting('Writing');
  }
}
