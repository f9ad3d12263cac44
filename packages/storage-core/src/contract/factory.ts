import type { CompanionOptions } from '../attributes/companion-options.ts';
import type { AnyEngine, EngineOptions, StorageEngine } from './engine.ts';
import type { StorageProvider } from './provider.ts';
import type { AnyItems, ItemTypes } from './values.ts';

/** A storage URL taken apart: `s3://bucket/prefix?region=eu-west-1`. */
export interface StorageUrl {
  /** Without the colon, in lower case. */
  readonly scheme: string;
  /** What stands between `//` and the path; a bucket, a host, or empty. */
  readonly host: string;
  /** Percent-decoded. Absolute with a leading slash, as written without `//`. */
  readonly path: string;
  readonly username?: string;
  readonly password?: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Where a backend's options come from when they are not written in code. */
export type ConfigSource =
  | { readonly url: StorageUrl }
  | { readonly config: Readonly<Record<string, unknown>> };

/** What is asked before each request of a service that needs a sign-in. */
export interface TokenSource {
  /** A token that is good now. `refresh` asks for another one, because the service refused the last. */
  getToken(options: {
    readonly signal?: AbortSignal;
    readonly refresh?: boolean;
  }): Promise<AccessToken>;
}

/** A token with the time until which it is good. */
export interface AccessToken {
  readonly token: string;
  readonly expiresAt?: Date;
}

/** Options of Granary's retry loop. */
export interface RetryOptions {
  /** Tries in all. Default: 4. */
  readonly attempts?: number;
  /** Default: `exponential`, with full jitter. */
  readonly backoff?: 'exponential' | 'constant' | 'none';
  /** Base of the back-off. Units: ms. Default: 100. */
  readonly baseDelayMs?: number;
  /** Longest back-off. Units: ms. Default: 20,000. A longer `retryAfterMs` of the service is honoured up to `maxRetryAfterMs`. */
  readonly maxDelayMs?: number;
  /** Longest wait that a service may ask for; beyond it the error surfaces. Units: ms. Default: 60,000. */
  readonly maxRetryAfterMs?: number;
  /**
   * Longest single try until its answer begins; content that is sent adds a second for every
   * 50 kB. Units: ms. Default: 60,000; 0 means none.
   */
  readonly attemptTimeoutMs?: number;
  /** Longest silence inside a body. Units: ms. Default: 30,000; 0 means none. */
  readonly idleTimeoutMs?: number;
  /** Longest the whole operation may take, waits included. Units: ms. Default: none. */
  readonly totalTimeoutMs?: number;
  readonly onRetry?: (event: RetryEvent) => void;
  /** Between 0 and 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Waits. Default: a timer. Tests pass their own clock. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** A try that failed and is made again. */
export interface RetryEvent {
  readonly operation: string;
  readonly key?: string;
  /** The try that failed, from 1. */
  readonly attempt: number;
  /** Units: ms. */
  readonly delayMs: number;
  readonly error: Error;
}

/** Taken by every backend. */
export interface CommonBackendOptions {
  /** Options of the retry loop around a remote backend, or `false` for none. */
  readonly retry?: RetryOptions | false;
  /** The part of the place that the storage is: keys below this one. Slashes at its ends are dropped. */
  readonly prefix?: string;
}

/** Whether a backend has companions, or how. */
export type CompanionChoice = boolean | Omit<CompanionOptions, 'layout'>;

/** What an author of a backend writes down for `defineBackend`. */
export interface BackendDefinition<Options> {
  /** Id of the backend: the same in package, file names and errors. */
  readonly name: string;
  /** Other names it answers to, such as `filesystem`. */
  readonly aliases?: readonly string[];
  /** Schemes of its URLs. Default: its name. */
  readonly schemes?: readonly string[];
  /** Puts the retry loop around the provider, unless `retry: false` is passed. */
  readonly remote?: boolean;
  /**
   * Keeps attributes in companion objects, for a provider that cannot keep them itself. A function
   * tells it of the options, which it does not change. Default: `false`.
   */
  readonly companion?: CompanionChoice | ((options: Options) => CompanionChoice);
  readonly provider: (options: Options) => StorageProvider;
  /** Options from a URL or a config object. Errors: `invalid-config` that says what is allowed. */
  readonly fromConfig?: (source: ConfigSource) => Options;
}

/** Makes storages over one kind of place. No I/O happens before the first operation. */
export interface BackendFactory<Options> {
  <Items extends ItemTypes = AnyItems>(...args: FactoryArguments<Options>): StorageEngine<Items>;
  /** The provider itself, for layers, the kit and `createStorage`. */
  readonly provider: (...args: ProviderArguments<Options>) => StorageProvider;
  readonly backend: Omit<BackendDefinition<Options>, 'provider' | 'remote' | 'companion'>;
}

type AllOptions<Options> = Options & CommonBackendOptions;

/** Options may be left out where none is required. */
export type FactoryArguments<Options> =
  Partial<Options> extends Options
    ? [options?: AllOptions<Options>, engine?: EngineOptions]
    : [options: AllOptions<Options>, engine?: EngineOptions];

/** Arguments of a factory's `provider`: options may be left out where none is required. */
export type ProviderArguments<Options> =
  Partial<Options> extends Options
    ? [options?: AllOptions<Options>]
    : [options: AllOptions<Options>];

/** What an author of a layer writes down for `defineLayer`. */
export interface LayerDefinition<Options> {
  readonly name: string;
  readonly layer: (provider: StorageProvider, options: Options) => StorageProvider;
  /**
   * Layers that this one may not stand over: their names, each with why and what the right order is.
   * Composing it over one of them fails with `invalid-config`. Default: it may stand anywhere.
   */
  readonly notOver?: (options: Options) => Readonly<Record<string, string>>;
}

/** Makes a storage over another one with a layer between. */
export interface LayerFactory<Options> {
  (
    options: Options & { readonly underlying: AnyEngine | StorageProvider },
    engine?: EngineOptions,
  ): StorageEngine;
  readonly provider: (provider: StorageProvider, options: Options) => StorageProvider;
}
