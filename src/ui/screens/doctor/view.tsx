import { memo } from 'react';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { ageText } from '../../format/run.js';
import { wrap } from '../../format/text.js';
import type { Glyphs, Tone } from '../../theme.js';
import { Pane, frame } from '../../widgets/pane.js';
import { useTheme } from '../../widgets/theme-context.js';
import { sectionsOf } from './model.js';
import type { Finding, Section } from './model.js';
import type { DoctorState } from './state.js';

export interface DoctorViewProps {
  readonly state: DoctorState;
  readonly now: number;
  readonly width: number;
  readonly height: number;
}

const tones: { readonly [V in Finding['verdict']]: Tone } = { ok: 'good', no: 'bad', note: 'warn' };

export const DoctorView = memo(function DoctorView({ state: { found, looking, lookedAt, scroll }, now, width, height }: DoctorViewProps) {
  const { glyphs } = useTheme();
  const lines = doctorLines(sectionsOf(found), width - frame.columns, glyphs);
  const inside = height - frame.rows;
  const from = Math.max(0, Math.min(scroll, lines.length - inside));
  const more = from + inside < lines.length ? `  more below: ${glyphs.down}` : '';
  const told = looking ? `  looking${glyphs.ellipsis}` : lookedAt === null ? '' : `  ${lookText(lookedAt, now)}`;
  return <Pane title={line('Doctor', [`${told}${more}`, 'muted'])} width={width} height={height} focused lines={lines.slice(from)} />;
});

/** What it shows is what was found then: engines that were put in since are not in it. */
function lookText(lookedAt: number, now: number): string {
  const age = ageText(new Date(lookedAt).toISOString(), now);
  return age === 'now' ? 'looked just now' : `looked ${age} ago: r looks again`;
}

/** A verdict a line, in a word too; what to do about it below. */
export function doctorLines(sections: readonly Section[], width: number, { ellipsis }: Glyphs): Line[] {
  const finding = ({ verdict, text, remedy }: Finding): Line[] => [
    ...wrap(text, width - 8).map((part, i) => line([i === 0 ? `  ${verdict.padEnd(6)}` : ' '.repeat(8), tones[verdict]], part)),
    ...(remedy === null ? [] : wrap(remedy, width - 8).map((part) => line(' '.repeat(8), [part, 'accent']))),
  ];
  return sections.flatMap(({ title, findings }, i) => [...(i === 0 ? [] : [blank]), line({ text: title, bold: true }, [findings === null ? `  looking${ellipsis}` : '', 'muted']), ...(findings ?? []).flatMap(finding)]);
}
