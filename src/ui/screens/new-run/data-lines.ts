/** The data of a draft as lines: a row as the model sees it, how long rows are, what was left out. */
import { keptTexts } from '../../../data/filter/filter.js';
import { histogramOf } from '../../../data/look/lengths.js';
import type { LengthBucket } from '../../../data/look/lengths.js';
import type { DataPreview, PreviewRow } from '../../../data/look/preview.js';
import { placeText } from '../../../data/source/row.js';
import { counted, formatCount, formatShare } from '../../../util/format.js';
import { baseName } from '../../format/run.js';
import { blank, line } from '../../format/line.js';
import type { Line, Span } from '../../format/line.js';
import { clean, widthOf, wrap } from '../../format/text.js';
import type { Glyphs } from '../../theme.js';

interface Width {
  readonly width: number;
  readonly glyphs: Glyphs;
}

/** One row: as text, or token by token with what is learned coloured, and marked where colour cannot be seen. */
export function rowLines(preview: DataPreview, { row: index, asText }: { readonly row: number; readonly asText: boolean }, { width, glyphs }: Width): Line[] {
  const at = Math.min(index, preview.rows.length - 1);
  const row = preview.rows[at];
  const learned = row.tokens.filter(({ trained }) => trained).length;
  const cut = row.fullLength > row.tokens.length ? `, cut from ${formatCount(row.fullLength)}` : '';
  const place = placeText({ ...row, last_line: row.line }, baseName(row.file));
  const { rows, train_rows: all, whole } = preview;
  const of = whole ? formatCount(all) : `the first ${formatCount(rows.length)}`;
  const last = whole && at === rows.length - 1 && rows.length < all ? '  (the last one shown)' : '';
  return [
    line([`${glyphs.left} row ${at + 1} of ${of} ${glyphs.right}`, 'accent'], [last, 'muted'], `  ${counted(row.tokens.length, 'token')}${cut}`, [`  ${clean(place)}`, 'muted']),
    line(`${formatCount(learned)} learned, marked `, { text: `${glyphs.learnedFrom}like this${glyphs.learnedTo}`, tone: 'good' }),
    blank,
    ...(asText ? wrap(row.text, width).map((text) => line(text)) : tokenLines(row, { width, glyphs })),
  ];
}

/** Tokens between bars, wrapped to the width; a line break of the text is shown as a sign and breaks the line too. */
export function tokenLines({ tokens }: PreviewRow, { width, glyphs }: Width): Line[] {
  const lines: Span[][] = [[]];
  let used = 0;
  tokens.forEach(({ text, trained }, t) => {
    const opens = trained && !tokens[t - 1]?.trained ? glyphs.learnedFrom : '';
    const closes = trained && !tokens[t + 1]?.trained ? glyphs.learnedTo : '';
    const word = opens + clean(text, glyphs.newline) + closes;
    const bar = t < tokens.length - 1 ? glyphs.vertical : '';
    if (used > 0 && used + widthOf(word) + 1 > width) {
      lines.push([]);
      used = 0;
    }
    lines[lines.length - 1].push({ text: word, tone: trained ? 'good' : 'plain' }, { text: bar, tone: 'muted' });
    used += widthOf(word) + 1;
    if (text.endsWith('\n')) {
      lines.push([]);
      used = 0;
    }
  });
  return lines;
}

/** The histogram of lengths, with what `max_length` cuts, and the rows that cannot be used. */
export function lengthLines(preview: DataPreview, maxLength: number, { width, glyphs }: Width): Line[] {
  return [...summaryLines(preview), ...keptLines(preview, width), blank, ...histogramLines(preview, maxLength, { width, glyphs }), ...rejectedLines(preview, width)];
}

function summaryLines({ train_rows: rows, eval_rows: held, tokens, labels, whole }: DataPreview): Line[] {
  return [
    line(`${counted(rows, 'row')} to train on, ${formatCount(held)} held out`, [whole ? '' : '  (the first ones: not tokenised yet)', 'muted']),
    line(`${formatCount(tokens)} tokens, ${formatShare(labels / Math.max(1, tokens))} learned`),
  ];
}

function keptLines({ sets }: DataPreview, width: number): Line[] {
  return keptTexts(sets).flatMap((text) => wrap(clean(text), width)).map((text) => line([text, 'accent']));
}

function histogramLines({ lengths }: DataPreview, maxLength: number, { width, glyphs }: Width): Line[] {
  if (lengths === null) return wrap(`The documents are one running text, cut into rows of max_length ${formatCount(maxLength)}: nothing is lost.`, width).map((text) => line([text, 'muted']));
  const { buckets, mean, longest, cut } = histogramOf(lengths, maxLength, 12);
  const most = Math.max(...buckets.map(({ rows }) => rows));
  const digits = formatCount(buckets.at(-1)?.to ?? 0).length;
  const room = Math.max(4, width - 2 * digits - 12);
  const labelled = ({ from, to, rows }: LengthBucket): Line => {
    const isCut = from > maxLength;
    const cells = Math.max(rows > 0 ? 1 : 0, Math.round((room * rows) / most));
    const edge = from <= maxLength && maxLength < to ? ` ${glyphs.left} max_length` : '';
    return line([`${formatCount(from).padStart(digits)}${glyphs.dash}${formatCount(to).padStart(digits)} `, 'muted'], [(isCut ? glyphs.empty : glyphs.full).repeat(cells), isCut ? 'bad' : 'accent'], [` ${rows === 0 ? '' : formatCount(rows)}`, 'plain'], [edge, 'warn']);
  };
  const share = cut / Math.max(1, lengths.length);
  return [
    line(`length: ${mean.toFixed(0)} tokens in the mean, ${formatCount(longest)} at most`),
    line(`max_length ${formatCount(maxLength)} cuts `, [`${formatShare(share)} of the rows (${formatCount(cut)})`, cut === 0 ? 'good' : 'warn']),
    ...buckets.map(labelled),
  ];
}

function rejectedLines({ rejected, rejected_count: count }: DataPreview, width: number): Line[] {
  if (count === 0) return [];
  return [
    blank,
    line([`${counted(count, 'row')} left out`, 'warn']),
    ...rejected.flatMap((row) => wrap(`${placeText(row, baseName(row.file))}: ${row.reason}`, width - 2).map((text, i) => line([i === 0 ? '! ' : '  ', 'warn'], clean(text)))),
    ...(count > rejected.length ? [line([`and ${formatCount(count - rejected.length)} more`, 'muted'])] : []),
  ];
}
