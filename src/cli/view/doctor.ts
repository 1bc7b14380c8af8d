/** What works on this machine, what does not, and what to do about it, as text. */
import { wrap } from '../../ui/format/text.js';
import { sectionsOf, type Finding, type Findings } from '../../ui/screens/doctor/model.js';
import type { Tone } from '../../ui/theme.js';
import type { Style } from '../terminal.js';

export type { Examination, StoreHealth } from '../../ui/screens/doctor/model.js';

const margin = ' '.repeat(8);
const tones: { readonly [V in Finding['verdict']]: Tone } = { ok: 'good', no: 'bad', note: 'warn' };

/** No line is wider than `width`; what goes on below stands under what it belongs to. */
export function doctorLines(found: Findings, style: Style, width = Infinity): string[] {
  const indented = (text: string) => wrap(text, width - margin.length);
  const lines = ({ verdict, text, remedy }: Finding): string[] => [
    ...indented(text).map((part, i) => `${i > 0 ? margin : `  ${style.paint(verdict.padEnd(4), tones[verdict])}  `}${part}`),
    ...(remedy === null ? [] : indented(remedy).map((part) => `${margin}${style.paint(part, 'accent')}`)),
  ];
  return sectionsOf(found).flatMap(({ title, findings }) => (findings === null ? [] : [style.paint(title, 'muted'), ...findings.flatMap(lines)]));
}
