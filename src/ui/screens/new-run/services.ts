/** What the form asks of the rest of the house, beyond what every screen may. */
import type { KnownFile } from '../../../config/command.js';
import type { Preset } from '../../../config/presets.js';
import type { Experiment } from '../../../config/schema.js';
import type { DataPreview } from '../../../data/look/preview.js';
import type { PathCompletion } from '../../widgets/path-field.js';

/** How fast updates of this shape are on this machine, measured. */
export interface Pace {
  readonly seconds_per_update: number;
  readonly tokens_per_second: number;
  readonly updates: number;
  readonly memory_bytes: number;
}

export interface FormServices {
  readonly presets: readonly Preset[];
  /** Experiment files of this folder, and those that come with the program. */
  files(): Promise<readonly KnownFile[]>;
  complete(text: string): Promise<readonly PathCompletion[]>;
  /** Rejects with the UserErrors that the data would meet. */
  preview(experiment: Experiment): Promise<DataPreview>;
  /** Whether two runs do the same work an update. */
  alike(a: Experiment, b: Experiment): boolean;
  /** Times a few updates. Rejects with a UserError where they fail, and when `signal` ends it. */
  probe(experiment: Experiment, options: { readonly signal: AbortSignal; onUpdate(updates: number): void }): Promise<Pace>;
  /** Why the engine or the device that is asked for is not to be had here; null where it is. Remembered. */
  whyNot(engine: Experiment['engine']): Promise<string | null>;
  /** As YAML, without what is at its default. */
  write(experiment: Experiment): string;
  command(experiment: Experiment, file: KnownFile | null): string;
  /** Rejects with a UserError where it cannot be written, or the file is there and `overwrite` is not given. Gives the file. */
  save(path: string, experiment: Experiment, options: { readonly overwrite: boolean }): Promise<KnownFile>;
  exists(path: string): boolean;
  /** Into the clipboard of whoever sits at the terminal. */
  copy(text: string): void;
}
