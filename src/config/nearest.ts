/** The right word for a wrong one: what other tools call a key, the same word elsewhere, or the nearest by spelling. */
import { distance } from 'fastest-levenshtein';
import { inOurWords, type Amounts } from './foreign/index.js';
import { foreignKeys } from './foreign/keys.js';
import { knobs } from './limits.js';

/** The key or group that was meant by an unknown dotted key, or null when none comes near. */
export function nearestKey(unknown: string): string | null {
  const word = unknown.toLowerCase().replaceAll('-', '_');
  const leaf = lastPart(word);
  const [elsewhere] = Object.hasOwn(foreignKeys, leaf) ? keysIn(inOurWords(leaf)) : [];
  if (elsewhere !== undefined) return elsewhere;
  const groups = new Set(knobs.map((knob) => knob.group).filter((group) => group !== ''));
  const keys = [...knobs.map((knob) => knob.key), ...groups];
  const sameLeaf = keys.filter((key) => lastPart(key) === leaf);
  if (sameLeaf.length > 0) return nearest(word, sameLeaf, Infinity);
  const byLeaf = nearest(leaf, keys.map(lastPart));
  return nearest(word, keys) ?? (byLeaf === null ? null : keys.find((key) => lastPart(key) === byLeaf)!);
}

/** What to write in place of an unknown key and its value (undefined: not known), as a clause; null where nothing comes near. */
export function insteadOf(unknown: string, value?: unknown): string | null {
  const leaf = lastPart(unknown.toLowerCase().replaceAll('-', '_'));
  const found = Object.hasOwn(foreignKeys, leaf) ? inOurWords(leaf, value) : null;
  if (found !== null) return clauseOf(found, value);
  const meant = nearestKey(unknown);
  return meant === null ? null : `did you mean \`${meant}\`?`;
}

/** What others' word amounts to, as a clause; a value that stays as it was given is not said again. */
export function clauseOf(amounts: Amounts, given: unknown): string {
  if ('moot' in amounts) return `${amounts.moot}; leave it out`;
  if ('lacks' in amounts) return `there is nothing like it here: ${amounts.lacks}`;
  const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', ''));
  const shown = Object.entries(amounts.sets).map(([key, value]) => (value === undefined || value === given ? `\`${key}\`` : `\`${key}: ${valueText(value)}\``));
  return `did you mean ${shown.join(' and ')}?`;
}

function keysIn(amounts: Amounts | null): string[] {
  return amounts !== null && 'sets' in amounts ? Object.keys(amounts.sets) : [];
}

/** The candidate with the fewest edits from `word`, if within `limit` (default: a third of the word, at least 2). */
export function nearest(word: string, candidates: readonly string[], limit = Math.max(2, Math.floor(word.length / 3))): string | null {
  let best: string | null = null;
  let fewest = limit;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits > fewest || (edits === fewest && best !== null)) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
