/** Numbers as people read them. Pure, and the same on the screen, on the command line and in sentences. */

const decimal = new Intl.NumberFormat('en-US');

/** 1234567 → "1,234,567". */
export function formatCount(count: number): string {
  return decimal.format(count);
}

/** Three significant digits and a decimal prefix: 1234567 → "1.23M", 999 → "999". */
export function formatShort(count: number): string {
  return scaled(count, ['', 'k', 'M', 'G', 'T', 'P']);
}

/** Floating-point operations: 3.2e9 → "3.20 GFLOP". */
export function formatFlops(flops: number): string {
  return scaled(flops, [' FLOP', ' kFLOP', ' MFLOP', ' GFLOP', ' TFLOP', ' PFLOP']);
}

/** Decimal bytes with three significant digits: 1234567 → "1.23 MB". */
export function formatBytes(bytes: number): string {
  return scaled(bytes, [' B', ' kB', ' MB', ' GB', ' TB', ' PB']);
}

/** Seconds → "0.8s", "42s", "3m 05s", "2h 07m", "3d 04h". */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}s`; // a clock that was set back makes it negative
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

/** Four significant digits, without an exponent where four are enough: losses, rates, norms. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e6)) return value.toExponential(2);
  return magnitude >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

/** A share in [0, 1] → "93.5%". */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (Math.abs(rest) >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  const digits = unit === 0 ? String(Math.round(rest)) : rest.toPrecision(3);
  return `${digits}${units[unit]}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** "1 row", "1,200 rows". */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
