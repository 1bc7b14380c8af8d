/** Holds the one state of the screen and tells who listens when it has changed: once for all changes of a turn, so that they are drawn once. */
export interface Store<State, Action> {
  get(): State;
  dispatch(action: Action): void;
  /** Returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export function makeStore<State, Action>(reduce: (state: State, action: Action) => State, initial: State): Store<State, Action> {
  let state = initial;
  const listeners = new Set<() => void>();
  let told = true;

  function tell(): void {
    told = true;
    for (const listener of [...listeners]) listener();
  }

  return {
    get: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      if (told) queueMicrotask(tell);
      told = false;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
