/** Holds the way of the imports: a picture of the house that breaks when somebody builds against it. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
const documentation = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8');

/** What a folder may import, itself aside: a folder, or only the named files of it. Values move right, imports point left. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  util: [],
  machine: ['util'],
  metrics: [],
  config: ['util'],
  data: ['config', 'util'],
  weights: ['util'],
  graph: ['util'],
  nn: ['graph', 'util'],
  optim: ['graph', 'util'],
  engine: ['graph', 'util'],
  models: ['nn', 'graph', 'weights', 'config', 'util'],
  lora: ['nn', 'graph', 'weights', 'config', 'util'],
  trainer: ['models', 'lora', 'nn', 'optim', 'graph', 'weights', 'data', 'metrics', 'config', 'util', 'engine/contract.ts'],
  export: ['trainer', 'data', 'models', 'lora', 'nn', 'graph', 'weights', 'config', 'util', 'engine/onnx/file.ts'],
  hub: ['util'],
  store: ['trainer/events.ts', 'config', 'util'],
  runner: ['export/plot.ts', 'export/tensorboard.ts', 'store', 'trainer', 'engine/registry.ts', 'config', 'util'],
  ui: ['runner/protocol.ts', 'store/rows.ts', 'store/query.ts', 'trainer/events.ts', 'trainer/estimate.ts', 'models', 'data', 'config', 'machine', 'util'],
  cli: ['ui', 'runner', 'store', 'hub', 'export', 'trainer', 'models', 'engine/registry.ts', 'data', 'metrics', 'config', 'machine', 'util'],
  'main.ts': ['cli', 'util'],
};

/** The only places that name a library. */
const owners: readonly (readonly [library: RegExp, owners: readonly string[]])[] = [
  [/^yaml$/, ['config/', 'export/']],
  [/^(@swc\/wasm-typescript|es-module-lexer)$/, ['config/']],
  [/^(tokenizers|@huggingface\/jinja|csv-parse(\/.*)?|hyparquet.*|apache-arrow|fzstd|tinyglobby)$/, ['data/']],
  [/^onnxruntime-/, ['engine/onnx/']],
  // ONNX files, event files of TensorBoard, and SentencePiece models.
  [/^protobufjs/, ['engine/onnx/', 'export/tensorboard.ts', 'data/tokenizer/']],
  [/^(@huggingface\/hub|undici)$/, ['hub/']],
  [/^@tensorflow\//, ['engine/tfjs/']],
  [/^better-sqlite3$/, ['store/']],
  [/^node:worker_threads$/, ['runner/']],
  // An engine asks in a process of its own whether a native library works: a crash must cost the answer alone. The machine is asked by nvidia-smi.
  [/^node:child_process$/, ['runner/', 'engine/', 'machine/']],
  [/^(ink|react|asciichart)(\/.*)?$/, ['ui/']],
  [/^(@commander-js\/|commander)/, ['cli/', 'main.ts']],
];

interface Import {
  /** Path in src, or the name of a library. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file)).sort();
const imports = new Map(files.map((file) => [file, importsOf(file, readFileSync(join(src, file), 'utf8'))]));

function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) found.push({ target: locate(file, node.moduleSpecifier), typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword });
    if (ts.isExportDeclaration(node) && node.moduleSpecifier) found.push({ target: locate(file, node.moduleSpecifier), typeOnly: node.isTypeOnly });
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) found.push({ target: locate(file, node.arguments[0]), typeOnly: false });
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) found.push({ target: locate(file, node.argument.literal), typeOnly: true });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ESNext));
  return found;
}

function locate(file: string, specifier: ts.Node): string {
  const name = ts.isStringLiteral(specifier) ? specifier.text : '';
  if (!name.startsWith('.')) return name;
  const path = relative(src, resolve(src, dirname(file), name)).replace(/\.js$/, '');
  return files.find((each) => each === `${path}.ts` || each === `${path}.tsx`) ?? path;
}

/** The first part of a path: the folder, or the file at the top. */
function folderOf(file: string): string {
  return file.split('/')[0];
}

/** Every import that breaks the table, as a sentence. */
function trespasses(file: string, found: readonly Import[]): string[] {
  const folder = folderOf(file);
  const allowed = mayImport[folder] ?? [];
  return found
    .filter(({ target }) => files.includes(target) && folderOf(target) !== folder && !allowed.includes(folderOf(target)) && !allowed.includes(target))
    .map(({ target }) => `src/${file} imports src/${target}, but ${folder} may import only ${allowed.join(', ') || 'nothing'}: move what it needs to a folder on its left, or hand it in`);
}

/** Every library that is named where it does not belong, as a sentence. */
function leaks(file: string, found: readonly Import[]): string[] {
  return found.flatMap(({ target }) =>
    owners
      .filter(([library, places]) => library.test(target) && !places.some((place) => file.startsWith(place)))
      .map(([, places]) => `src/${file} names ${target}, which only ${places.join(' and ')} may know: ask it for what is needed`),
  );
}

/** Circles of imports: of those that remain when the program runs, or of types too. */
function circles(graph: ReadonlyMap<string, readonly Import[]>, types = false): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].map((each) => `src/${each}`).join(' → '));
    if (way.includes(file) || done.has(file)) return;
    for (const { target, typeOnly } of graph.get(file) ?? []) if ((types || !typeOnly) && graph.has(target)) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

describe('the architecture', () => {
  it('has a row for every folder', () => {
    expect(new Set(files.map(folderOf))).toEqual(new Set(Object.keys(mayImport)));
  });

  it('is told by its documentation as it is: what each folder may import, all of lower numbers', () => {
    const rows = [...documentation.matchAll(/^\| (\d+) \| `(\w+)\/`[^|]*\|[^|]*\| ([^|]*) \|/gm)].map(([, number, folder, cell]) => ({ number: Number(number), folder, told: cell.replaceAll('`', '').split(', ').filter((each) => each !== '–') }));
    const numbers = new Map(rows.map(({ folder, number }) => [folder, number]));
    expect(Object.fromEntries(rows.map(({ folder, told }) => [folder, told]))).toEqual(Object.fromEntries(Object.entries(mayImport).filter(([folder]) => folder !== 'main.ts')));
    expect(rows.flatMap(({ folder, number, told }) => told.filter((other) => numbers.has(other) && numbers.get(other)! >= number).map((other) => `${folder} (${number}) may import ${other} (${numbers.get(other)})`))).toEqual([]);
  });

  it('has imports that point left', () => {
    expect([...imports].flatMap(([file, found]) => trespasses(file, found))).toEqual([]);
  });

  it('names a library only in the folder that hides it', () => {
    expect([...imports].flatMap(([file, found]) => leaks(file, found))).toEqual([]);
  });

  it('has engines that do not know each other', () => {
    const engineOf = (file: string) => /^engine\/(\w+)\//.exec(file)?.[1] ?? null;
    const wrong = [...imports].flatMap(([file, found]) => found.filter(({ target }) => engineOf(file) !== null && engineOf(target) !== null && engineOf(file) !== engineOf(target)).map(({ target }) => `src/${file} imports src/${target}: engines share only the contract`));
    expect(wrong).toEqual([]);
  });

  it('has a graph that needs no library, not even Node', () => {
    const outside = [...imports].flatMap(([file, found]) => (folderOf(file) === 'graph' ? found.filter(({ target }) => !files.includes(target)).map(({ target }) => `src/${file} names ${target}, but the graph is plain data and needs no library`) : []));
    expect(outside).toEqual([]);
  });

  it('has no import circles', () => {
    expect(circles(imports)).toEqual([]);
  });

  // The state of the screen is made of the parts of all screens, each of which is drawn from the whole: types of one circle.
  it('has no circles of types either, but for the state of the screen', () => {
    const others = new Map([...imports].filter(([file]) => folderOf(file) !== 'ui'));
    expect(circles(others, true)).toEqual([]);
  });
});

describe('this test', () => {
  it('would see a wrong import, a leak and a circle', () => {
    const wrong = importsOf('graph/x.ts', "import { openStore } from '../store/store.js';\nconst a = await import('better-sqlite3');\nexport * from '../trainer/train.js';");
    expect(trespasses('graph/x.ts', wrong)).toEqual([
      'src/graph/x.ts imports src/store/store.ts, but graph may import only util: move what it needs to a folder on its left, or hand it in',
      'src/graph/x.ts imports src/trainer/train.ts, but graph may import only util: move what it needs to a folder on its left, or hand it in',
    ]);
    expect(leaks('graph/x.ts', wrong)).toEqual(['src/graph/x.ts names better-sqlite3, which only store/ may know: ask it for what is needed']);
    expect(trespasses('trainer/x.ts', importsOf('trainer/x.ts', "import type { E } from '../engine/registry.js';"))).toHaveLength(1);
    expect(importsOf('ui/x.ts', "import type { A } from './a.js'; import { type B } from './b.js'; export type { C } from './c.js';").map(({ typeOnly }) => typeOnly)).toEqual([true, false, true]);
    const edge = (target: string, typeOnly = false) => [{ target, typeOnly }];
    expect(circles(new Map([['a', edge('b')], ['b', edge('c')], ['c', edge('b')]]))).toEqual(['src/b → src/c → src/b']);
    expect(circles(new Map([['a', edge('b')], ['b', edge('a', true)]]))).toEqual([]);
    expect(circles(new Map([['a', edge('b')], ['b', edge('a', true)]]), true)).toEqual(['src/a → src/b → src/a']);
  });
});
