/** The playground as lines. */
import { line, lineWidth } from '../../format/line.js';
import type { Line, Span } from '../../format/line.js';
import { clean, widthOf, wrap } from '../../format/text.js';
import type { Glyphs, Tone } from '../../theme.js';
import { fieldLine } from '../../widgets/field-line.js';
import { samplingKnobs, showKnob } from './knobs.js';
import { askedVoices } from './state.js';
import type { Answer, PlaygroundState } from './state.js';

export interface Area {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
}

const graphemes = new Intl.Segmenter();

/** A text broken where the columns end, with the place of the next character reversed; the lines around it, or the first ones. */
export function promptLines(text: string, caret: number | null, { width, height }: Omit<Area, 'glyphs'>): Line[] {
  const rows: Span[][] = [[]];
  let columns = 0;
  let caretRow = 0;
  const put = (shown: string, at: boolean): void => {
    const wide = widthOf(shown);
    if (columns + wide > width) {
      rows.push([]);
      columns = 0;
    }
    const row = rows[rows.length - 1];
    const last = row.at(-1);
    if (at) {
      caretRow = rows.length - 1;
      row.push({ text: shown, inverse: true });
    } else if (last && !last.inverse) row[row.length - 1] = { text: last.text + shown };
    else row.push({ text: shown });
    columns += wide;
  };
  for (const { segment, index } of graphemes.segment(text)) {
    const at = index === caret;
    if (segment !== '\n' && segment !== '\r\n') put(clean(segment) || ' ', at);
    else {
      if (at) put(' ', true);
      rows.push([]);
      columns = 0;
    }
  }
  if (caret !== null && caret >= text.length) put(' ', true);
  const from = caret === null ? 0 : Math.max(0, Math.min(caretRow - Math.floor(height / 2), rows.length - height));
  return rows.slice(from, from + height);
}

/** Who answers, in one line. */
export function subjectLine(state: PlaygroundState, glyphs: Glyphs): Line {
  const { subject, opening, chat, row } = state;
  if (opening !== null) return line([`Opening ${clean(opening)}${glyphs.ellipsis}`, 'muted']);
  if (subject === null) return line(['No model yet: ', 'plain'], ['m', 'accent'], ' chooses a model folder or a run.');
  const template = row !== null ? 'as its row has it' : subject.chat ? `chat template ${chat ? 'on' : 'off'}` : 'no chat template';
  return line([subject.runId === null ? 'model ' : 'run ', 'muted'], { text: clean(subject.name), bold: true }, [`  ${askedVoices(state).map(({ label }) => label).join(', ')}`, 'accent'], [`  ${template}`, 'muted']);
}

/** The knobs side by side, on as many lines as they need; below them what the one under the cursor means, or the number while it is typed. */
export function samplingLines({ sampling, knob, editing, pane }: PlaygroundState, width: number): Line[] {
  const focused = pane === 'sampling';
  const fields: Span[][] = [[]];
  samplingKnobs.forEach((each, i) => {
    const value: Span = { text: ` ${showKnob(each, sampling[each.key])} `, tone: 'accent', bold: true, inverse: focused && i === knob };
    const last = fields[fields.length - 1];
    const fits = lineWidth(last) + 2 + widthOf(each.label) + widthOf(value.text) <= width;
    const row = last.length === 0 || fits ? last : (fields[fields.length] = []);
    row.push({ text: `${row.length === 0 ? '' : '  '}${each.label}`, tone: 'muted' }, value);
  });
  const { label, help } = samplingKnobs[knob];
  const below = editing ? line([`${label} `, 'accent'], ...fieldLine(editing.field, 20), [editing.error === null ? '' : `  ${editing.error}`, 'bad']) : line([focused ? `${label}: ${help}` : '', 'muted']);
  return [...fields, below];
}

const told: { readonly [S in Answer['state']]: readonly [string, Tone] } = {
  waiting: ['waits', 'muted'], reading: ['reading the model', 'accent'], speaking: ['answers', 'accent'], end: ['came to an end', 'good'], length: ['at the limit', 'muted'],
  interrupted: ['interrupted', 'warn'], failed: ['failed', 'bad'],
};

/** Its label, how it stands, and its pace. */
export function answerTitle({ label, state, tokens, seconds }: Answer): Line {
  const [word, tone] = told[state];
  const pace = tokens > 1 && seconds > 0 ? `  ${tokens} tokens, ${(tokens / seconds).toFixed(1)}/s` : '';
  return line({ text: label, bold: true }, [`  ${word}`, tone], [pace, 'muted']);
}

/** The end of what it has said, `scroll` lines further up; or its beginning, so many further down. */
export function answerLines({ text, state }: Answer, { scroll, fromTop }: Pick<PlaygroundState, 'scroll' | 'fromTop'>, { width, height, glyphs }: Area): Line[] {
  const rows = wrap(text, width);
  if (state === 'speaking' || state === 'reading') rows[rows.length - 1] = `${rows[rows.length - 1].slice(0, width - 1)}${glyphs.cursor}`;
  const last = Math.max(0, rows.length - height);
  const from = fromTop ? Math.min(scroll, last) : Math.max(0, last - scroll);
  return rows.slice(from, from + height).map((row) => line([row, state === 'failed' ? 'bad' : 'plain']));
}
