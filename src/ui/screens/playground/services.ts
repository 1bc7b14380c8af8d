/** What the playground asks of the rest of the house, beyond what every screen may. */
import type { Experiment } from '../../../config/schema.js';

/** What may answer: a base, what a run has learned, one of its checkpoints. */
export interface Voice {
  readonly label: string;
  readonly model: string;
  /** A PEFT adapter on top; null for the model alone. */
  readonly adapter: string | null;
}

/** A model folder, or a run with everything it has saved. */
export interface Subject {
  readonly name: string;
  /** The run's id; null for a model folder. */
  readonly runId: string | null;
  /** The base first, the newest last. */
  readonly voices: readonly Voice[];
  readonly tokenizer: string;
  /** Says how the weights are held and on which engine; of a run, which rows it is evaluated on. */
  readonly experiment: Experiment;
  /** Whether the tokenizer has a chat template. */
  readonly chat: boolean;
}

export interface Sampling {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Of these null leaves it to what the model's folder says. */
  readonly numBeams: number | null;
  readonly lengthPenalty: number | null;
  readonly noRepeatNgramSize: number | null;
  readonly minNewTokens: number | null;
}

export interface Question {
  readonly subject: Subject;
  readonly voices: readonly Voice[];
  readonly prompt: string;
  readonly chat: boolean;
  /** Whether the tokenizer puts its own tokens before the prompt. */
  readonly special: boolean;
  readonly sampling: Sampling;
}

/** From the voice of that index. `seconds` are those of its tokens, without those of reading the model. */
export type News =
  | { readonly voice: number; readonly type: 'reading' }
  | { readonly voice: number; readonly type: 'text'; readonly text: string; readonly tokens: number; readonly seconds: number }
  | { readonly voice: number; readonly type: 'done'; readonly tokens: number; readonly seconds: number; readonly stopped: 'end' | 'length' | 'interrupted' };

/** A row that a run is evaluated on: what is given, and what it should say. */
export interface EvalRow {
  readonly prompt: string;
  readonly answer: string;
  readonly answerTokens: number;
  readonly special: boolean;
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

export interface PlaygroundServices {
  /** Rejects with a UserError where nothing is there that could answer. */
  open(what: { readonly runId: string } | { readonly model: string }): Promise<Subject>;
  /** The voices answer one after the other. Rejects with a UserError. */
  generate(question: Question, options: { readonly signal: AbortSignal; onNews(news: News): void }): Promise<void>;
  /** Counted round; rejects with a UserError where the run sets none apart. */
  evalRow(subject: Subject, index: number): Promise<EvalRow>;
}
