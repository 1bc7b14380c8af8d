/** What a screen is: one definition a folder of `screens/`, and all of them in `screens/all.ts`. */
import type { ComponentType } from 'react';
import type { RunRecord } from '../store/rows.js';
import type { KeyTable } from './keys.js';
import type { Services } from './services.js';
import type { AppState, Message } from './state.js';

export type Table = KeyTable<AppState, Message>;

/** `Name` is the screen, its part of the state and the `type` of its actions; `Asks` are its intents, each with its own `ask`. */
export interface ScreenDefinition<Name extends string, Own, OwnAction, Asks extends { readonly ask: string }> {
  readonly name: Name;
  /** In the header, and where keys are listed. */
  readonly title: string;
  /** Where there is little room. */
  readonly shortTitle?: string;
  readonly initial: Own;
  /** Pure. `state` is the whole screen as it was. */
  reduce(own: Own, action: OwnAction, state: AppState): Own;
  /** What other runs than before mean to it. */
  followRuns?(own: Own, before: readonly RunRecord[], after: readonly RunRecord[]): Own;
  /** Every table it may ever use, for the documentation and the key map. */
  readonly keys: readonly Table[];
  /** Those that hold now. */
  tables(state: AppState): readonly Table[];
  readonly View: ComponentType<ViewProps>;
  /** How it does what its keys ask of the world. What they throw or reject with is shown as a notice. */
  readonly intents: { readonly [A in Asks as A['ask']]: (intent: A, world: World) => void | Promise<void> };
  /** Once, when the services are there; returns what ends it. */
  start?(world: World): () => void;
  /** Reads what it shows from the store: while it is shown, whenever somebody has written. */
  refresh?(world: World): void;
}

export interface ViewProps {
  readonly state: AppState;
  readonly width: number;
  readonly height: number;
}

/** What an intent works with. */
export interface World {
  readonly services: Services;
  get(): AppState;
  /** Actions change the state; intents are performed. */
  send(...messages: readonly Message[]): void;
  subscribe(listener: () => void): () => void;
  /** Looks into the store at once. */
  refresh(): void;
}

/** A part of the screen that can be opened over any of the screens; its `View` is drawn over the lower end of what is below. */
export interface OverlayDefinition<Name extends string, Own, OwnAction, Asks extends { readonly ask: string }> extends ScreenDefinition<Name, Own, OwnAction, Asks> {
  isOpen(state: AppState): boolean;
}

type Parts<S> =
  S extends OverlayDefinition<infer Name, infer Own, infer OwnAction, infer Asks> ? Part<Name, Own, OwnAction, Asks>
  : S extends ScreenDefinition<infer Name, infer Own, infer OwnAction, infer Asks> ? Part<Name, Own, OwnAction, Asks>
  : never;

interface Part<Name, Own, OwnAction, Asks> {
  readonly name: Name;
  readonly own: Own;
  readonly action: OwnAction;
  readonly asks: Asks;
}

/** The parts of the state that the screens keep, by name. */
export type StatesOf<S> = { readonly [P in Parts<S> as P['name']]: P['own'] };
export type ActionsOf<S> = Parts<S> extends infer P ? (P extends { readonly name: infer Name; readonly action: infer A } ? { readonly type: Name; readonly action: A } : never) : never;
export type AsksOf<S> = Parts<S>['asks'];

/** A screen of which only the outside matters. */
export type AnyScreen = ScreenDefinition<string, unknown, unknown, { readonly ask: string }>;
