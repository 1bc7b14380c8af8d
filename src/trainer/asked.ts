import { opposite, stopReasons, type Request } from './events.js';

/** What has been asked of a live run and not been done yet. */
export class Asked {
  readonly #takeControls: () => readonly Request[];
  readonly #open = new Set<Request>();

  constructor(takeControls: () => readonly Request[]) {
    this.#takeControls = takeControls;
  }

  /** Whether the run is to end; asked between micro-steps too. */
  readonly stopping = (): boolean => {
    for (const control of this.#takeControls()) {
      const undone = opposite[control];
      if (undone !== undefined) this.#open.delete(undone);
      this.#open.add(control);
    }
    return this.#open.has('stop') || this.#open.has('terminate');
  };

  /** Why a run ends that was asked to; SIGTERM comes from a system that shuts down, or a scheduler. */
  get reason(): string {
    return this.#open.has('terminate') ? stopReasons.outside : stopReasons.user;
  }

  /** What was asked and could not be done to its end. */
  keep(control: Request): void {
    this.#open.add(control);
  }

  /** Whether something was asked; it is being done then. */
  take(control: Request): boolean {
    this.stopping();
    return this.#open.delete(control);
  }
}
