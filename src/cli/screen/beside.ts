/** Entry of the processes beside the screen: models that answer, and engines that are tried. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { homeFolder } from '../../config/home.js';
import { previewPrompt } from '../../data/look/prompt.js';
import { prepareEvaluation } from '../../data/dataset.js';
import type { EncodedRows } from '../../data/rows.js';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer/index.js';
import type { EngineConfig } from '../../config/schema.js';
import { chooseEngine, probeEngines, whyNot } from '../../engine/registry.js';
import { serveBeside, type Hand } from '../../runner/beside.js';
import { withScratch } from '../../runner/scratch-folder.js';
import { withClasses } from '../../models/registry.js';
import { askedGeneration } from '../../models/generation.js';
import { purposeOf } from '../../models/task.js';
import { continueText, openModel, type OpenModel } from '../../trainer/open.js';
import type { EvalRow, News, Question, Subject, Voice } from '../../ui/screens/playground/services.js';
import { UserError } from '../../util/errors.js';
import { tokenCache } from '../experiment.js';

const { env } = process;

/** A model in memory; adapters of one base share it. */
interface Held {
  readonly key: string;
  readonly open: OpenModel;
  readonly folder: string;
  worn: string | null;
}

let held: readonly Held[] = [];
let rows: { readonly key: string; readonly tokenizer: Tokenizer; readonly rows: EncodedRows } | null = null;

await withScratch(homeFolder(env), (scratch) => {
  serveBeside({
    hasChat: async (folder: string): Promise<boolean> => (await loadTokenizer(folder)).hasChatTemplate,
    generate: (question: Question, hand: Hand) => generate(question, hand, scratch),
    evalRow,
    engines: () => probeEngines(),
    whyNot,
  } satisfies BesideWork);
  // Until whoever started it is gone.
  return new Promise<never>(() => undefined);
});

export type BesideWork = {
  hasChat(folder: string): Promise<boolean>;
  generate(question: Question, hand: Hand): Promise<void>;
  evalRow(asked: { readonly subject: Subject; readonly index: number }): Promise<EvalRow>;
  engines(): ReturnType<typeof probeEngines>;
  whyNot(wanted: EngineConfig): ReturnType<typeof whyNot>;
};

async function generate({ subject, voices, prompt, chat, special, sampling }: Question, hand: Hand, scratch: string): Promise<void> {
  const say = (news: News): void => hand.say(news);
  await letGo(voices.map((voice) => keyOf(subject, voice)));
  for (const [voice, who] of voices.entries()) {
    if (hand.stopped()) return say({ voice, type: 'done', tokens: 0, seconds: 0, stopped: 'interrupted' });
    say({ voice, type: 'reading' });
    const open = await opened(subject, who, voices, scratch);
    const begin = performance.now();
    const seconds = (): number => (performance.now() - begin) / 1000;
    const onText = (text: string, tokens: number): void => say({ voice, type: 'text', text, tokens, seconds: seconds() });
    const { temperature, topK, topP, maxNewTokens, seed } = sampling;
    const { ids, stopped } = await continueText(open, prompt, { temperature, topK, topP, maxNewTokens, seed, generation: askedGeneration(sampling), chat, special, interrupted: hand.stopped, onText });
    say({ voice, type: 'done', tokens: ids.length, seconds: seconds(), stopped });
  }
}

/** A base and its adapters are one. */
function keyOf({ experiment, tokenizer }: Subject, { model }: Voice): string {
  return JSON.stringify([model, tokenizer, experiment.engine, experiment.quantization, experiment.precision]);
}

/** With what it is to wear. The first adapter asked for decides what may be worn; another that does not fit takes its place. */
async function opened(subject: Subject, who: Voice, voices: readonly Voice[], scratch: string): Promise<OpenModel> {
  const key = keyOf(subject, who);
  const adapter = who.adapter ?? voices.find((each) => each.adapter !== null && each.model === who.model)?.adapter ?? null;
  let found = held.find((each) => each.key === key);
  if (found && (found.worn === who.adapter || (await wears(found, who.adapter)))) return found.open;
  if (found) await letGo(held.map((each) => each.key).filter((each) => each !== key));
  const folder = mkdtempSync(join(scratch, 'model-'));
  const { experiment, tokenizer, runId } = subject;
  const { engine, quantization, precision } = experiment;
  const open = await openModel({ model: who.model, purpose: runId === null ? null : purposeOf(experiment), adapter, tokenizer, quantization, precision, engine, chooseEngine, scratch: folder });
  found = { key, open, folder, worn: adapter };
  held = [...held, found];
  if (adapter !== who.adapter) await wears(found, who.adapter);
  return open;
}

async function wears(model: Held, adapter: string | null): Promise<boolean> {
  try {
    await model.open.wear(adapter);
    model.worn = adapter;
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Memory is for what is asked for now. */
async function letGo(keep: readonly string[]): Promise<void> {
  const gone = held.filter(({ key }) => !keep.includes(key));
  held = held.filter(({ key }) => keep.includes(key));
  for (const { open, folder } of gone) {
    await open.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function evalRow({ subject: { experiment, tokenizer: folder, name }, index }: { readonly subject: Subject; readonly index: number }): Promise<EvalRow> {
  const key = JSON.stringify([experiment, folder]);
  if (rows?.key !== key) {
    const tokenizer = await loadTokenizer(folder);
    mkdirSync(tokenCache(env), { recursive: true });
    const prepared = await prepareEvaluation(withClasses(experiment), tokenizer, { cacheFolder: tokenCache(env) });
    if (prepared === null || prepared.length === 0) throw new UserError(`${name} sets no rows apart to evaluate on: dataset.eval or dataset.val_size would.`);
    rows = { key, tokenizer, rows: prepared };
  }
  const of = rows.rows.length;
  const at = ((index % of) + of) % of;
  return { ...previewPrompt(rows.rows, at, rows.tokenizer), index: at, of };
}
