import { Box } from 'ink';
import type { DOMElement } from 'ink';
import { memo, useLayoutEffect, useMemo, useRef } from 'react';
import { fitLine } from '../format/line.js';
import type { Line } from '../format/line.js';
import { paint } from '../format/paint.js';
import { hang } from '../frame.js';
import { useTheme } from './theme-context.js';

/** Lines as they are, each exactly `width` columns. Ink lays the box out; what is in it is painted here, once, and put into the frame by `frameOf`. */
export const Lines = memo(function Lines({ lines, width }: { readonly lines: readonly Line[]; readonly width: number }) {
  const { glyphs, tones } = useTheme();
  const box = useRef<DOMElement>(null);
  const rows = useMemo(() => lines.map((spans) => paint(fitLine(spans, width, glyphs.ellipsis), tones)), [lines, width, glyphs, tones]);
  useLayoutEffect(() => {
    if (box.current) hang(box.current, rows);
  }, [rows]);
  return <Box ref={box} width={width} height={lines.length} flexShrink={0} />;
});
