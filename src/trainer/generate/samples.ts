/** What the model says on the way: each prompt of the experiment, continued. */
import { generationConfig } from '../../models/generation.js';
import { answersApart, continuation, generateTokens, stopIdsOf } from './generate.js';
import { greedy } from './sampling.js';
import type { Session } from '../session.js';

export interface Sample {
  readonly prompt: string;
  readonly text: string;
  readonly apart: boolean;
}

/** One by one; a continuation is cut short where `interrupted` says so. */
export async function* samplesOf({ experiment, tokenizer, executable, model }: Session, interrupted: () => boolean): AsyncGenerator<Sample> {
  const { prompts, max_new_tokens, temperature } = experiment.sample;
  const generation = generationConfig(experiment.model, model);
  for (const prompt of prompts) {
    const asked = [...(await tokenizer.encode(prompt))];
    const { ids } = await generateTokens(executable, model, asked, {
      ...greedy,
      temperature,
      maxNewTokens: max_new_tokens,
      seed: experiment.train.seed,
      generation,
      stopIds: stopIdsOf(generation, tokenizer),
      interrupted,
    });
    yield { prompt, text: continuation(tokenizer, model, asked, ids), apart: answersApart(model) };
  }
}
