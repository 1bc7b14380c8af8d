/** Searches as they are read back from the store. The names are those of `workbench search show --json`. */
import type { SearchPlan } from '../config/search/plan.js';

/** `failed`: no trial is left. */
export type SearchState = 'running' | 'stopped' | 'completed' | 'failed';

export interface SearchRecord {
  readonly name: string;
  readonly state: SearchState;
  readonly reason: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly plan: SearchPlan;
  /** By number. */
  readonly trials: readonly TrialRecord[];
}

export interface TrialRecord {
  /** From 1. */
  readonly number: number;
  /** The id of its run; null where that was deleted. */
  readonly run: string | null;
  /** The name its run was given. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** How far it may go: 0 is the first of the plan's rungs, and the number of those its end. */
  readonly rung: number;
  /** Why it is out; null while it is not. */
  readonly lost: string | null;
  /** The metric at each rung that it has reached; null where it was no number. */
  readonly measured: readonly (number | null)[];
}

/** What changes in a trial; what is left out stays. */
export interface TrialChange extends Partial<Pick<TrialRecord, 'rung' | 'lost' | 'measured'>> {
  readonly number: number;
  /** It goes on, and is at rest by its search no more. */
  readonly halted?: false;
}
