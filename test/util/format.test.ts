import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare, formatShort } from '../../src/util/format.js';

describe('numbers as people read them', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [999.6, '1.00k'],
    [1_234_567, '1.23M'],
    [999_600, '1.00M'],
  ])('short %d', (value, text) => expect(formatShort(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [1234, '1.23 kB'],
    [12_345_678, '12.3 MB'],
    [5e9, '5.00 GB'],
  ])('bytes %d', (value, text) => expect(formatBytes(value)).toBe(text));

  it.each([
    [0.84, '0.8s'],
    [9.96, '10s'],
    [59.4, '59s'],
    [59.6, '1m 00s'],
    [185, '3m 05s'],
    [3599.7, '1h 00m'],
    [7620, '2h 07m'],
    [86_399, '1d 00h'],
    [273_600, '3d 04h'],
  ])('duration %d', (value, text) => expect(formatDuration(value)).toBe(text));

  it.each([
    [0, '0.000'],
    [2.345678, '2.346'],
    [2e-4, '2.00e-4'],
    [1234.5, '1235'],
    [Number.NaN, 'NaN'],
  ])('number %d', (value, text) => expect(formatNumber(value)).toBe(text));

  it('groups thousands and writes shares', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect(formatShare(0.9351)).toBe('93.5%');
  });
});
