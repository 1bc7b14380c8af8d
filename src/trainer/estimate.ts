/** What a configuration will cost, before it runs: what `workbench estimate` prints and the screen shows live. */

export interface MemoryParts {
  readonly weights: number;
  readonly trainable: number;
  readonly gradients: number;
  readonly optimizer: number;
  readonly activations: number;
  /** The program itself: Node, the engine, the tokenised data. */
  readonly runtime: number;
}

export interface Estimate {
  readonly total_parameters: number;
  readonly trainable_parameters: number;
  readonly effective_batch: number;
  readonly steps: number;
  readonly steps_per_epoch: number;
  /** Tokens of one update when every row is of `max_length`. */
  readonly tokens_per_step: number;
  readonly flops_per_step: number;
  /** Bytes by part, and their sum. */
  readonly memory: MemoryParts;
  readonly memory_bytes: number;
  readonly available_memory_bytes: number;
  readonly fits: boolean;
  readonly warnings: readonly string[];
}
