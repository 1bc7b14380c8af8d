/** The draft as a person would write it down: what differs, the file, the command. */
import type { Knob } from '../../../config/limits.js';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { clean, cutLeft, wrap } from '../../format/text.js';
import type { Glyphs } from '../../theme.js';
import { valueAt } from './draft.js';
import { showValue } from './knob.js';
import { comparedWith } from './state.js';
import type { NewRunState, Written } from './state.js';

interface Width {
  readonly width: number;
  readonly glyphs: Glyphs;
}

/** Knobs that are not as they were at the start; others are not shown. */
export function changeLines(state: NewRunState, { width, glyphs }: Width): Line[] {
  const before = comparedWith(state);
  const changed = state.knobs.filter(({ key }) => showValue(valueAt(state.draft, key)) !== showValue(valueAt(before, key)));
  const against = state.base === null ? 'the defaults' : clean(state.base.name);
  if (changed.length === 0) return wrap(`Nothing differs from ${against}.`, width).map((text) => line([text, 'muted']));
  return [
    ...wrap(`${changed.length} ${changed.length === 1 ? 'knob differs' : 'knobs differ'} from ${against}:`, width).map((text) => line([text, 'muted'])),
    blank,
    ...changed.flatMap((knob) => changeOf(knob, state, { width, glyphs })),
  ];
}

function changeOf(knob: Knob, state: NewRunState, { width, glyphs }: Width): Line[] {
  const [before, after] = [comparedWith(state), state.draft].map((draft) => clean(showValue(valueAt(draft, knob.key))));
  const whole = `  ${before} ${glyphs.right} ${after}`;
  if (whole.length <= width) return [line(knob.key), line(['  ', 'plain'], [before, 'muted'], [` ${glyphs.right} `, 'muted'], [after, 'accent'])];
  return [line(knob.key), line(['- ', 'muted'], [cutLeft(before, width - 2, glyphs.ellipsis), 'muted']), line(['+ ', 'accent'], [cutLeft(after, width - 2, glyphs.ellipsis), 'accent'])];
}

/** The command first, then the file that says the same. */
export function fileLines({ yaml, command }: Written, { width }: Width): Line[] {
  return [
    line(['The command', 'muted'], ['  Y copies it', 'muted']),
    ...command.split('\n').flatMap((text) => wrap(text, width).map((part) => line([part, 'accent']))),
    blank,
    line(['The file', 'muted'], ['  y copies it, w writes it', 'muted']),
    ...yaml.trimEnd().split('\n').flatMap((text) => wrap(text, width).map((part) => line(part))),
  ];
}
