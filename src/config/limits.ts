/** What may be said about a key, made from the schema: kind, limits, choices, help. For forms and for error sentences. */
import { z } from 'zod';
import type { Range } from './range.js';
import { experimentSchema } from './schema.js';

export type KnobKind = 'int' | 'float' | 'choice' | 'bool' | 'text' | 'list' | 'map';

export interface Knob extends Range {
  /** Dotted: `lora.r`. */
  readonly key: string;
  /** The first part of the key; empty at the top level. */
  readonly group: string;
  readonly label: string;
  readonly kind: KnobKind;
  /** Words that may be given: of a choice all there are, unless `open`; else those beside a number (`auto`). */
  readonly choices: readonly string[];
  /** A choice that takes other values too. */
  readonly open: boolean;
  readonly nullable: boolean;
  /** Undefined where the user must give a value. */
  readonly default: unknown;
  readonly step: 'log' | 'linear';
  /** What a linear step adds, and how far stepping goes; more can be typed. */
  readonly stride: number;
  readonly reach: number;
  /** What lies above 0 and up to here is refused; 0 where nothing does. */
  readonly gap: number;
  /** Of a list or a map: its values are numbers, not texts. */
  readonly numeric: boolean;
  /** Of a list: one text alone is a pattern. */
  readonly pattern: boolean;
  /** Names a file or folder. */
  readonly path: boolean;
  /** In words: "a whole number of at least 1". */
  readonly expects: string;
  readonly help: string;
}

type Schema = z.core.JSONSchema.JSONSchema;

/** Every key a person may set, in the order of the schema. */
export const knobs: readonly Knob[] = knobsOf(experimentSchema);

const byKey = new Map(knobs.map((knob) => [knob.key, knob]));

/**
 * The knob of a dotted key, or of the map that holds it (`dataset.columns.output` → `dataset.columns`); a set that is mixed in has those of
 * the first (`dataset.mix.0.path` → `dataset.path`). Null for no key.
 */
export function knobOf(key: string): Knob | null {
  const ofMixed = /^dataset\.mix\.\d+\.(.*)$/.exec(key)?.[1];
  if (ofMixed !== undefined) return knobOf(`dataset.${ofMixed}`);
  const parent = byKey.get(key.slice(0, Math.max(0, key.lastIndexOf('.'))));
  return byKey.get(key) ?? (parent?.kind === 'map' ? parent : null);
}

/** Every key of a schema of groups. */
export function knobsOf(schema: z.ZodType): Knob[] {
  return leaves(z.toJSONSchema(schema, { io: 'input' }), []);
}

function leaves(schema: Schema, prefix: readonly string[]): Knob[] {
  return propertiesOf(schema).flatMap(([name, property]) => {
    const path = [...prefix, name];
    return property.properties ? leaves(property, path) : [toKnob(path, property)];
  });
}

/** JSON Schema also allows `true` for a property; the schema library writes objects only. */
function propertiesOf(schema: Schema): [string, Schema][] {
  return Object.entries(schema.properties ?? {}).filter((entry): entry is [string, Schema] => typeof entry[1] === 'object');
}

function toKnob(path: readonly string[], property: Schema): Knob {
  const members = membersOf(property).filter((member) => member.type !== 'null');
  const choices = members.flatMap(wordsOf);
  const free = members.find((member) => wordsOf(member).length === 0);
  const choice = free === undefined || (choices.length > 0 && free.type === 'array');
  return {
    key: path.join('.'),
    group: path.length > 1 ? path[0] : '',
    label: typeof property.label === 'string' ? property.label : path.at(-1)!.replaceAll('_', ' '),
    kind: choice ? 'choice' : kindOf(free),
    min: limit(free?.minimum ?? free?.exclusiveMinimum),
    max: limit(free?.maximum ?? free?.exclusiveMaximum),
    aboveMin: free?.exclusiveMinimum !== undefined,
    belowMax: free?.exclusiveMaximum !== undefined,
    choices,
    open: choice && free !== undefined,
    nullable: property.anyOf?.some((member) => member.type === 'null') ?? false,
    default: property.default,
    step: property.step === 'log' ? 'log' : 'linear',
    stride: limit(property.stride) ?? (free?.type === 'integer' ? 1 : 0.05),
    reach: limit(property.reach) ?? Infinity,
    gap: limit(property.gap) ?? 0,
    numeric: free !== undefined && holdsNumbers(free),
    pattern: free?.type === 'array' && members.some(({ type, ...member }) => type === 'string' && wordsOf(member).length === 0),
    path: property.path === true,
    expects: typeof property.expects === 'string' ? property.expects : expectation(property),
    help: property.description ?? '',
  };
}

/** What a value may be, of choices within choices too. */
function membersOf(schema: Schema): Schema[] {
  return schema.anyOf ? (schema.anyOf as Schema[]).flatMap(membersOf) : [schema];
}

function wordsOf(member: Schema): string[] {
  return (member.const === undefined ? (member.enum ?? []) : [member.const]).map(String);
}

function kindOf(member: Schema): KnobKind {
  switch (member.type) {
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'array':
      return 'list';
    case 'object':
      return 'map';
    default:
      return 'text';
  }
}

/** The schema library bounds every integer by the safe ones; that is no limit a person chose. */
function limit(value: unknown): number | null {
  return typeof value !== 'number' || Math.abs(value) === Number.MAX_SAFE_INTEGER ? null : value;
}

function expectation(property: Schema): string {
  if (property.anyOf) return property.anyOf.map(expectation).join(' or ');
  const words = wordsOf(property);
  if (words.length > 0) return words.length > 1 ? `one of ${words.join(', ')}` : words[0];
  switch (property.type) {
    case 'integer':
      return `a whole number${range(property)}`;
    case 'number':
      return `a number${range(property)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return typeof property.items === 'object' && 'properties' in property.items ? 'a list of groups' : `a list of ${holdsNumbers(property) ? 'whole numbers' : 'texts'}`;
    case 'object':
      return `a group of "name: ${holdsNumbers(property) ? 'number' : 'text'}"`;
    case 'null':
      return 'null';
    default:
      return typeof property.words === 'string' ? property.words : 'a text';
  }
}

function holdsNumbers({ items, additionalProperties: values }: Schema): boolean {
  return [items, values].some((held) => typeof held === 'object' && 'type' in held && (held.type === 'integer' || held.type === 'number'));
}

function range(property: Schema): string {
  const from = limit(property.minimum);
  const above = limit(property.exclusiveMinimum);
  const to = limit(property.maximum);
  const below = limit(property.exclusiveMaximum);
  const low = from !== null ? `of at least ${from}` : above !== null ? `above ${above}` : '';
  const high = to !== null ? `of at most ${to}` : below !== null ? `below ${below}` : '';
  return [low, high].filter((part) => part !== '').map((part) => ` ${part}`).join(' and');
}
