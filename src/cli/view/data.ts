/** Rows as the model sees them, as text: what is learned stands in «…», and in another colour where there is one. */
import { basename } from 'node:path';
import type { SetShare } from '../../data/dataset.js';
import { keptText } from '../../data/filter/filter.js';
import type { LengthHistogram } from '../../data/look/lengths.js';
import type { PreviewRow, PreviewToken } from '../../data/look/preview.js';
import { placeText, type RejectedRow } from '../../data/source/row.js';
import { clean, widthOf } from '../../ui/format/text.js';
import { counted, formatCount, formatShare } from '../../util/format.js';
import type { Style } from '../terminal.js';
import { facts } from './table.js';

export interface DataReport {
  readonly train_rows: number;
  readonly eval_rows: number;
  readonly tokens: number;
  /** Tokens that count in the loss. */
  readonly label_tokens: number;
  readonly max_length: number;
  readonly lengths: LengthHistogram;
  readonly rows: readonly PreviewRow[];
  /** The first rows that could not be used, and how many they are. */
  readonly rejected: readonly RejectedRow[];
  readonly rejected_count: number;
  /** What the filter kept of each set. */
  readonly sets: readonly SetShare[];
}

const margin = '  ';

interface Look {
  readonly width: number;
  readonly style: Style;
}

export function dataLines(report: DataReport, { width, style }: Look): string[] {
  const { lengths, max_length, rejected, rejected_count: lost, sets } = report;
  const summary = facts(
    [
      ['rows', `${formatCount(report.train_rows)} to train on, ${formatCount(report.eval_rows)} to evaluate on`],
      ['tokens', `${formatCount(report.tokens)}, of which ${formatCount(report.label_tokens)} are learned (${formatShare(report.label_tokens / report.tokens)})`],
      ['lengths', `${lengths.mean.toFixed(1)} tokens in the mean, ${lengths.longest} at most`],
      ['cut', lengths.cut === 0 ? null : style.paint(`${counted(lengths.cut, 'row')} ${lengths.cut === 1 ? 'is' : 'are'} longer than max_length ${max_length}`, 'warn')],
      ...sets.flatMap(({ path, read, dropped, rows }): [string, string][] => {
        const kept = keptText({ read, dropped });
        const share = sets.length === 1 ? null : `${counted(rows, 'row')} an epoch`;
        const parts = [share, kept].filter((part) => part !== null);
        return parts.length === 0 ? [] : [[sets.length === 1 ? 'kept' : clean(basename(path)), parts.join('; ')]];
      }),
      ['left out', lost === 0 ? null : style.paint(formatCount(lost), 'warn')],
    ],
    style,
  );
  const reasons = rejected.map((row) => clean(`  ${placeText(row, row.file)}: ${row.reason}`));
  const unsaid = lost > rejected.length ? [`  and ${formatCount(lost - rejected.length)} more`] : [];
  const left = rejected.length === 0 ? [] : ['', style.paint('left out', 'muted'), ...reasons, ...unsaid];
  return [...summary, ...rowLines(report.rows, { width, style }), '', ...histogramLines(lengths, style), ...left];
}

/** Each row after an empty line: what it is and where it stands, then its tokens. */
export function rowLines(rows: readonly PreviewRow[], look: Look): string[] {
  return rows.flatMap((row) => ['', rowTitle(row, look.style), ...tokenLines(row.tokens, look)]);
}

/** Tokens between bars, wrapped to the width. */
export function tokenLines(tokens: readonly PreviewToken[], { width, style }: Look): string[] {
  const lines: string[] = [];
  let line = margin;
  let used = margin.length;
  for (const [t, { text, trained }] of tokens.entries()) {
    const opens = trained && !tokens[t - 1]?.trained;
    const closes = trained && !tokens[t + 1]?.trained;
    const word = `${opens ? '«' : ''}${clean(text, style.glyphs.newline)}${closes ? '»' : ''}`;
    const bar = t < tokens.length - 1 ? '|' : '';
    const taken = widthOf(word) + bar.length;
    if (used > margin.length && used + taken > width) {
      lines.push(line);
      line = margin;
      used = margin.length;
    }
    line += style.paint(word, trained ? 'accent' : 'plain') + style.paint(bar, 'muted');
    used += taken;
  }
  return [...lines, line];
}

function rowTitle(preview: PreviewRow, style: Style): string {
  const { row, tokens, fullLength } = preview;
  const cut = fullLength > tokens.length ? `, cut from ${fullLength}` : '';
  const learned = tokens.filter(({ trained }) => trained).length;
  const place = placeText(preview, basename(preview.file));
  return style.paint(clean(`row ${row} (${place}): ${tokens.length} tokens${cut}, ${learned} learned`), 'muted');
}

function histogramLines({ buckets: all }: LengthHistogram, style: Style): string[] {
  const filled = ({ rows }: LengthHistogram['buckets'][number]) => rows > 0;
  const buckets = all.slice(all.findIndex(filled), all.findLastIndex(filled) + 1);
  const most = Math.max(...buckets.map(({ rows }) => rows));
  const last = buckets.at(-1)?.to ?? 0;
  const digits = String(last).length;
  const lines = buckets.map(({ from, to, rows }) => {
    const label = `${String(from).padStart(digits)}–${String(to).padStart(digits)}`;
    return `  ${label}  ${style.paint(style.glyphs.full.repeat(Math.round((40 * rows) / most)), 'accent')} ${rows === 0 ? '' : formatCount(rows)}`.trimEnd();
  });
  return [style.paint('rows by length in tokens', 'muted'), ...lines];
}
