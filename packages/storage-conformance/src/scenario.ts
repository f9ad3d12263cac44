import type { EngineOptions, StorageEngine } from '@granary/storage-core';
import type {
  Capabilities,
  DeleteResult,
  GetOptions,
  ListEntry,
  ListOptions,
  ListPage,
  ObjectInfo,
  PutOptions,
  StorageProvider,
} from '@granary/storage-core/provider';
import type { Fault, OpenStore, Outside } from './harness.ts';

type Capability = keyof Capabilities & string;

type OutsideNeed = Exclude<keyof Outside, 'fault'> & string;

/**
 * What a scenario asks for. A capability's name: it is declared. `!name`: it is not. `name=a|b`:
 * it has one of these values. `reopen`, `layer`, `outside.x`: the harness offers it.
 */
export type Need =
  | Capability
  | `!${Capability}`
  | `${Capability}=${string}`
  | 'reopen'
  | 'layer'
  | `outside.${OutsideNeed}`
  | 'outside.fault';

/** What a scenario works with: one empty store, and short ways to use it. */
export interface ScenarioContext {
  /** The provider under test with core's guard around it, opened. */
  readonly provider: StorageProvider;
  /** The provider before core's guard. */
  readonly raw: StorageProvider;
  /** The provider below the layer under test; without a layer, `provider` itself. */
  readonly inner: StorageProvider;
  readonly capabilities: Capabilities;
  readonly outside: Outside;
  /** Sends presigned requests. */
  readonly fetch: typeof globalThis.fetch;
  /** Another provider over the same store. Closed with the scenario. */
  reopen(): Promise<StorageProvider>;
  /** Another empty store, guarded, that nobody has opened. Removed with the scenario. */
  fresh(): Promise<OpenStore>;
  /** How long to wait for what should come soon. Units: ms. */
  readonly patienceMs: number;
  /** Whether the layer under test is a view, which closes nothing. */
  readonly isView: boolean;
  /** The layer under test around the provider. */
  layer(inner: StorageProvider): StorageProvider;
  /** An engine over the provider, or over another one. */
  storage(options?: EngineOptions, over?: StorageProvider): StorageEngine;
  /** Has the harness make trouble while the action runs. Ends the scenario as skipped where it cannot. */
  during(fault: Fault, action: () => Promise<void>): Promise<void>;
  /** Ends the scenario as skipped. */
  skip(reason: string): never;

  put(key: string, content?: string | Uint8Array, options?: PutOptions): Promise<ObjectInfo>;
  text(key: string, options?: GetOptions): Promise<string>;
  bytes(key: string, options?: GetOptions): Promise<Uint8Array>;
  delete(key: string): Promise<DeleteResult>;
  /** Every page of one walk. */
  pages(options?: ListOptions): Promise<ListPage[]>;
  entries(options?: ListOptions): Promise<ListEntry[]>;
  /** Keys of a listing in the order they came. */
  keys(options?: ListOptions): Promise<string[]>;
  /** Puts every key with its own name as content, several at a time. */
  fill(keys: readonly string[]): Promise<void>;
  /** Checks that neither `get` nor `stat` finds the key. */
  missing(key: string): Promise<void>;
}

/** One promise of the contract, tried out. */
export interface Scenario {
  /** Number in SPEC.md of storage-core. */
  readonly rule: string;
  /** What happens, in the present tense. With the rule it names the scenario. */
  readonly title: string;
  /** Skipped, with the reason, unless all are met. */
  readonly needs?: readonly Need[];
  /** Moves much data or takes long; left out with `slow: false`. */
  readonly slow?: boolean;
  run(context: ScenarioContext): Promise<void>;
}

/** Rule and title: the name of a scenario in reports and known gaps. */
export function scenarioName({ rule, title }: Pick<Scenario, 'rule' | 'title'>): string {
  return `${rule} ${title}`;
}
