/**
 * Makes a corpus of Python for data science, and the config of a small GPT-2 to be trained on it from random values: what
 * chapter 7.6 of Hugging Face's course does with a part of GitHub, from packages of Debian.
 *
 *   node experiments/code-completion.mjs <folder to write> [.deb files, or folders with Python files …]
 *
 * Without sources the packages are fetched with apt-get (Debian, Ubuntu) into the folder; a second run takes those that
 * are there. Nothing is installed, and nothing is written outside the folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';

const packages = ['python3-pandas', 'python3-sklearn', 'python3-matplotlib', 'python3-seaborn', 'python3-scipy', 'python3-statsmodels'];
const validationShare = 0.02;

class Refused extends Error {}

/** Runs a tool of Debian; its absence and its complaint become one sentence. */
function debian(tool, args, { cwd, instead }) {
  try {
    execFileSync(tool, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Refused(`there is no ${tool} on this machine, which is Debian's: ${instead}`);
    const complaint = String(error.stderr).split('\n').find((line) => line.startsWith('E: ')) ?? String(error.stderr).trim().split('\n').at(-1);
    throw new Refused(`${tool} ${args[0]} did not succeed (${complaint.replace(/^E: /, '')}): ${instead}`);
  }
}

/** The packages as .deb files in the folder, fetched where they are not there. */
function fetched(folder) {
  mkdirSync(folder, { recursive: true });
  const there = (name) => readdirSync(folder).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  const missing = packages.filter((name) => there(name) === undefined);
  if (missing.length > 0) {
    console.log(`fetching ${missing.join(', ')}`);
    debian('apt-get', ['download', '-qq', ...missing], { cwd: folder, instead: `give the .deb files of ${packages.join(', ')}, or folders with Python files, after the folder to write` });
  }
  return packages.map((name) => join(folder, there(name)));
}

/** A folder with what a source holds, and the name it goes by: a package is unpacked first. */
function opened(source, scratch) {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (!stats) throw new Refused(`there is no ${source}: give .deb files, or folders with Python files`);
  const name = basename(source).replace(/_.*\.deb$/, '').replace(/^python3-/, '');
  if (stats.isDirectory()) return { name, folder: source };
  if (!source.endsWith('.deb')) throw new Refused(`${source} is neither a folder nor a .deb file: give one of these`);
  const folder = join(scratch, basename(source, '.deb'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  debian('dpkg-deb', ['-x', resolve(source), folder], { instead: 'unpack the packages elsewhere, and give the folders' });
  return { name, folder };
}

/** Every .py file below a folder that is UTF-8, links apart, in the order of their paths. */
function* pythonFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = join(folder, entry.name);
    if (entry.isDirectory()) yield* pythonFiles(full);
    else if (entry.isFile() && entry.name.endsWith('.py')) {
      const bytes = readFileSync(full);
      const text = bytes.toString('utf8');
      if (bytes.length > 0 && Buffer.from(text).equals(bytes)) yield { full, text };
    }
  }
}

/** The same files are held out whatever else is in the corpus: a share of all paths by their hash. */
const heldOut = (path) => createHash('sha256').update(path).digest().readUInt32BE() / 2 ** 32 < validationShare;

function main([folder, ...given]) {
  if (folder === undefined) throw new Refused('usage: node experiments/code-completion.mjs <folder to write> [.deb files, or folders with Python files …]');
  const sources = given.length > 0 ? given : fetched(join(folder, 'packages'));
  for (const split of ['train', 'validation']) {
    rmSync(join(folder, 'corpus', split), { recursive: true, force: true });
    mkdirSync(join(folder, 'corpus', split), { recursive: true });
  }
  const scratch = join(folder, 'unpacked');
  for (const source of sources) {
    const { name, folder: from } = opened(source, scratch);
    const rows = { train: [], validation: [] };
    let bytes = 0;
    for (const { full, text } of pythonFiles(from)) {
      const path = relative(from, full).split(sep).join('/').replace(/^usr\/lib\/python3\/dist-packages\//, '');
      rows[heldOut(path) ? 'validation' : 'train'].push(`${JSON.stringify({ package: name, path, text })}\n`);
      bytes += Buffer.byteLength(text);
    }
    for (const [split, lines] of Object.entries(rows)) if (lines.length > 0) writeFileSync(join(folder, 'corpus', split, `${name}.jsonl`), lines.join(''));
    console.log(`${name}: ${rows.train.length} files to learn from, ${rows.validation.length} held out, ${(bytes / 1e6).toFixed(1)} MB`);
  }
  rmSync(scratch, { recursive: true, force: true });

  const config = { model_type: 'gpt2', vocab_size: 4096, n_positions: 128, n_ctx: 128, n_embd: 128, n_layer: 4, n_head: 4, bos_token_id: 0, eos_token_id: 0, tie_word_embeddings: true };
  mkdirSync(join(folder, 'model'), { recursive: true });
  if (!existsSync(join(folder, 'model', 'config.json'))) writeFileSync(join(folder, 'model', 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  console.log(`${join(folder, 'corpus')} holds the corpus, ${join(folder, 'model')} the config of the model; its tokenizer comes next`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused || error.syscall !== undefined)) throw error;
  console.error(error.message); // the file system's say what and where
  process.exitCode = 2;
}
