/** What column formats hold, as JSON would have it. */

/**
 * Numbers for 64-bit integers (labels, ids: a larger one than a double holds stays a text), ISO 8601 for
 * times, lists and objects for nested columns; null for what has no words (bytes, pictures).
 */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array || value instanceof DataView ? null : Array.from(value as Int32Array | BigInt64Array, plainValue);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  if ('toArray' in value && typeof value.toArray === 'function') return plainValue([...(value as unknown as Iterable<unknown>)]);
  const columns: unknown = 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value;
  return plainRow(columns as Readonly<Record<string, unknown>>);
}

export function plainRow(columns: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, plainValue(value)]));
}
