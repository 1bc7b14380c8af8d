/** As `workbench export --format` names them. */
export type ExportFormat = 'peft' | 'merged' | 'gguf' | 'gguf-lora' | 'onnx';

/** What the screen may do to runs that are kept. What cannot be rejects with a UserError that says why. */
export interface Records {
  tag(runIds: readonly string[], change: { readonly add: readonly string[]; readonly remove: readonly string[] }): void;
  /** An empty one takes it away. */
  note(runIds: readonly string[], text: string): void;
  rename(runId: string, name: string): void;
  archive(runIds: readonly string[], archived: boolean): void;
  /** Bytes of all that lies in their folders. */
  bytes(runIds: readonly string[]): Promise<number>;
  /** All or none: forgets them and deletes their folders. */
  remove(runIds: readonly string[]): void;
  /** A new run that goes on from the newest checkpoint of another and waits in line; its id. */
  branch(runId: string): Promise<string>;
  /** New runs with the same settings, in line; their ids. */
  queueAgain(runIds: readonly string[]): Promise<readonly string[]>;
  /** The formats that what a run has learned can be written in. */
  exportFormats(runId: string): Promise<readonly ExportFormat[]>;
  /** Writes the newest that a run has learned to a folder; its path. */
  export(runId: string, format: ExportFormat, folder: string): Promise<string>;
  /** Keeps plain data for the next time; `reader.preference` gives it back. */
  remember(name: string, value: unknown): void;
}
