/** Lines as a terminal understands them: text and SGR sequences (ECMA-48, 8.3.117). */
import { inspect } from 'node:util';
import type { Theme } from '../theme.js';
import type { Line, Span } from './line.js';

const reset = '\u001b[0m';

/** Every style is set from nothing, so that no span depends on the one before it; what looks the same is set once. */
export function paint(spans: Line, tones: Theme['tones']): string {
  let text = '';
  let style = '';
  for (const span of spans) {
    if (span.text === '') continue;
    const next = styleOf(span, tones);
    if (next !== style) text += (style === '' ? '' : reset) + next;
    style = next;
    text += span.text;
  }
  return style === '' ? text : text + reset;
}

/** A reversed span is not dimmed: its background would be. */
function styleOf({ tone = 'plain', bold, inverse }: Span, tones: Theme['tones']): string {
  const ink = tones[tone];
  const codes = [ink.bold || bold ? 1 : 0, ink.dim && !inverse ? 2 : 0, inverse ? 7 : 0, ink.color === undefined ? 0 : colorCode(ink.color)].filter((code) => code !== 0);
  return codes.length === 0 ? '' : `\u001b[${codes.join(';')}m`;
}

/** By the name that Node knows it by. */
function colorCode(name: string): number {
  const [code] = inspect.colors[name] ?? [0];
  return code;
}
