import { Box, Text } from 'ink';
import { memo } from 'react';
import { fitLine } from '../format/line.js';
import type { Line, Span } from '../format/line.js';
import { useTheme } from './theme-context.js';

/** Lines as they are, each exactly `width` columns. */
export const Lines = memo(function Lines({ lines, width }: { readonly lines: readonly Line[]; readonly width: number }) {
  const { ellipsis } = useTheme().glyphs;
  return (
    <Box flexDirection="column" width={width} height={lines.length} flexShrink={0}>
      {lines.map((spans, row) => (
        <Text key={row} wrap="truncate">
          {fitLine(spans, width, ellipsis).map((span, column) => (
            <Run key={column} span={span} />
          ))}
        </Text>
      ))}
    </Box>
  );
});

function Run({ span }: { readonly span: Span }) {
  const ink = useTheme().tones[span.tone ?? 'plain'];
  return (
    <Text color={ink.color} dimColor={ink.dim && !span.inverse} bold={ink.bold || span.bold} inverse={span.inverse}>
      {span.text}
    </Text>
  );
}
