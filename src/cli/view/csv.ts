/** Rows as comma-separated values, as RFC 4180 has them. */

/** The heading and a line a row; what is null is empty. */
export function csvLines(columns: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string[] {
  return [columns, ...rows].map((row) => row.map(quoted).join(','));
}

function quoted(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
