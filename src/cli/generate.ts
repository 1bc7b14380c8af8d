import { readFileSync } from 'node:fs';
import { askedGeneration } from '../models/generation.js';
import { answersApart } from '../trainer/generate/generate.js';
import { continueText } from '../trainer/open.js';
import { messageOf, UserError } from '../util/errors.js';
import { withAssignments } from './experiment.js';
import { findSubject, withModel } from './subject.js';
import type { Terminal } from './terminal.js';

interface Options {
  readonly prompt?: string;
  readonly promptFile?: string;
  readonly stop?: string;
  readonly maxNewTokens?: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly numBeams?: number;
  readonly lengthPenalty?: number;
  readonly ngramSize?: number;
  readonly minNewTokens?: number;
  readonly adapter?: string;
  readonly base?: true;
  readonly chat?: true;
  readonly set: readonly string[];
  readonly json?: true;
}

/** Prints the prompt and what follows it, as it comes on a terminal. */
export async function generate(terminal: Terminal, reference: string, options: Options): Promise<void> {
  const prompt = promptOf(options);
  if (options.temperature > 0 && (options.numBeams ?? 1) > 1) throw new UserError('beams look for the likeliest text and draw none: give --num-beams or --temperature, not both');
  const subject = findSubject(terminal, reference, options);
  const experiment = withAssignments(subject.experiment, options.set);
  const streaming = terminal.interactive && !options.json;
  if (streaming) terminal.write(terminal.style.paint(prompt, 'muted'));
  const result = await withModel({ ...subject, experiment }, terminal.env, async (open) => {
    const between = answersApart(open.model) ? '\n' : '';
    if (streaming) terminal.write(between);
    const said = await continueText(open, prompt, {
      maxNewTokens: options.maxNewTokens,
      temperature: options.temperature,
      topK: options.topK,
      topP: options.topP,
      seed: options.seed,
      chat: options.chat ?? false,
      ...(options.stop === undefined ? {} : { stop: options.stop }),
      generation: askedGeneration({ numBeams: options.numBeams, lengthPenalty: options.lengthPenalty, noRepeatNgramSize: options.ngramSize, minNewTokens: options.minNewTokens }),
      ...(streaming ? { onText: (piece: string) => terminal.write(piece) } : {}),
    });
    return { ...said, between };
  });
  if (options.json) terminal.json({ prompt, text: result.text, prompt_tokens: result.prompt_tokens, new_tokens: result.ids.length, ids: result.ids, stopped: result.stopped });
  else terminal.print(streaming ? '' : prompt + result.between + result.text);
}

function promptOf({ prompt, promptFile }: Options): string {
  if ((prompt === undefined) === (promptFile === undefined)) throw new UserError('give what to continue, as --prompt <text> or as --prompt-file <file>');
  if (promptFile === undefined) return prompt ?? '';
  try {
    return readFileSync(promptFile, 'utf8');
  } catch (error) {
    throw new UserError(`--prompt-file ${promptFile} cannot be read (${messageOf(error)}); name a text file`);
  }
}
