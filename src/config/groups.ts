/** A list of groups (`dataset.mix`) as people type and read it: YAML in braces, without what is at its default. */
import { parse, stringify } from 'yaml';
import { mixedDefaults } from './schema.js';

/** `{path: stories.jsonl, weight: 0.5}`. */
export function groupText(group: object): string {
  const defaults: Readonly<Record<string, unknown>> = mixedDefaults;
  const told = Object.entries(group).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]));
  return stringify(Object.fromEntries(told), { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();
}

/** Null where the text is none. */
export function groupOf(text: string): object | null {
  try {
    const value: unknown = parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
