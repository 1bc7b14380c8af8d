/** A YAML file, of which JSON is a part, with the lines of its keys. */
import { readFileSync } from 'node:fs';
import { LineCounter, isMap, isPair, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { UserError, messageOf } from '../util/errors.js';

export interface YamlFile {
  readonly value: unknown;
  /** Where a key stands, to begin a sentence with: "e.yaml, line 3"; the file alone where it does not. */
  placeOf(key: readonly PropertyKey[]): string;
}

/** Throws a UserError where it cannot be read; `kind` says what it should have been: "the experiment file". */
export function readYaml(path: string, kind: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(path, kind), { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) throw new UserError(`${path}, line ${lines.linePos(broken.pos[0]).line}: this is not YAML: ${broken.message}`);
  return {
    value: toPlain(document, path),
    placeOf(key) {
      const line = lineOf(document, key, lines);
      return line === null ? path : `${path}, line ${line}`;
    },
  };
}

function readText(path: string, kind: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`${path}: cannot read ${kind} (${messageOf(error).split(',')[0]}); give the path of a YAML or JSON file, or of a module`);
  }
}

function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UserError(`${path}: the YAML cannot be resolved: ${messageOf(error)}`);
  }
}

function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | null {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (!isMap(parent)) return null;
  const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(path.at(-1)));
  const start = pair?.key !== null && typeof pair?.key === 'object' && 'range' in pair.key ? (pair.key.range as [number] | undefined)?.[0] : undefined;
  return start === undefined ? null : lines.linePos(start).line;
}
