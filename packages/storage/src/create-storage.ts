import {
  createStorage as createEngine,
  type EngineOptions,
  type IStorageEngine,
  type RetryOptions,
  type StorageEngine,
  type StorageInfo,
} from '@granary/storage-core';
import { providerOf, StorageError, type StorageProvider } from '@granary/storage-core/provider';
import { knownBackend, notInstalled } from './backend-names.ts';
import { checkFields } from './check-fields.ts';
import { detectPlatform, type Platform, type PlatformGlobals } from './detect-platform.ts';
import {
  type Candidate,
  type FallbackProvider,
  type FallbackSettings,
  fallbackProvider,
  type StorageWarning,
} from './fallback-provider.ts';
import type { MovedUp } from './move-up.ts';
import type { AppFolderOptions, ChoiceOptions } from './storage-config.ts';

/** Options of a backend as they stand in a config. */
export type BackendOptions = Readonly<Record<string, unknown>>;

/** A backend that an entry of this package brings. */
export interface EntryBackend {
  readonly needsFileSystem: boolean;
  readonly provider: (options: BackendOptions, app: App) => StorageProvider;
  /** Whether it is known to hold data of the application. Asked when it was not named and does not open. */
  readonly holdsData?: (options: BackendOptions, app: App) => Promise<boolean>;
}

/** The application that a backend works for. */
export interface App {
  readonly appName: string;
  readonly onWarning: (warning: StorageWarning) => void;
}

/** What is used when nothing is said: the first place that opens, of names, or names with options. */
export interface Automatic {
  readonly places: readonly (string | BackendOptions)[];
  /** Why, when the first one is used. */
  readonly reason: string;
  /** {@link FallbackSettings.moveUp} */
  readonly moveUp?: (to: StorageProvider, app: App) => Promise<MovedUp | undefined>;
}

/** What the entries of this package differ in. */
export interface EntrySettings {
  /** By id. */
  readonly backends: Readonly<Record<string, EntryBackend>>;
  readonly automatic: (platform: Platform, config: LooseConfig) => Automatic;
  /** Options that {@link EntrySettings.automatic} takes besides those of every choice. */
  readonly automaticOptions: readonly string[];
  /** What the platform is told from. */
  readonly globals: PlatformGlobals;
}

/** A config before it is known of which kind it is. */
export interface LooseConfig extends ChoiceOptions, AppFolderOptions {
  readonly platform?: unknown;
  readonly type?: unknown;
  readonly primary?: unknown;
  readonly fallbacks?: unknown;
  readonly retryPolicy?: RetryOptions;
  readonly engine?: IStorageEngine | undefined;
  readonly [option: string]: unknown;
}

interface Choice {
  readonly candidates: readonly Candidate[];
  /** Whether the application knows what the first one is. */
  readonly isAskedFor: boolean;
  readonly reason: string;
  readonly moveUp?: FallbackSettings['moveUp'];
}

const DEFAULT_APP_NAME = 'granary';
const KINDS = ['platform', 'type', 'primary', 'engine'] as const;
/** Fields of a config that say how to choose, and are nothing to a backend. */
const CHOICE_FIELDS: readonly string[] = ['type', 'requireDurable', 'onWarning', 'appName'];

/** Makes the `createStorage` of an entry. */
export function storageCreator(
  settings: EntrySettings,
): (config?: LooseConfig, engine?: EngineOptions) => IStorageEngine {
  return (config = {}, engineOptions = {}) => {
    checkKind(config);
    checkFields(config, settings.automaticOptions);
    if (config.engine !== undefined) return config.engine;
    const { requireDurable = false, onWarning = () => {} } = config;
    const { candidates, isAskedFor, reason, moveUp } = choose(config, settings, onWarning);
    const only = candidates.length === 1 ? candidates[0]?.make() : undefined;
    const needsDurable = requireDurable || !isAskedFor;
    if (only !== undefined && (!needsDurable || only.capabilities.durable === true)) {
      return createEngine(only, { ...engineOptions, choice: () => ({ reason }) });
    }
    const { provider, chosen } = fallbackProvider({
      ...{ candidates, requireDurable, onWarning },
      isFirstAskedFor: isAskedFor,
      ...(moveUp && { moveUp }),
    });
    return createEngine(provider, { ...engineOptions, choice: () => choiceOf(chosen(), reason) });
  };
}

/** Errors: `invalid-config` for a config that says two things at once, or none that there is. */
function checkKind(config: LooseConfig): void {
  const kinds = KINDS.filter((kind) => config[kind] !== undefined);
  if (kinds.length > 1) throw invalidConfig(`${kinds.join(' and ')} cannot be given together.`);
  if (config.platform !== undefined && config.platform !== 'auto') {
    throw invalidConfig(`there is no platform ${JSON.stringify(config.platform)}.`, "Use 'auto'.");
  }
  if (config.primary === undefined && (config.fallbacks ?? config.retryPolicy) !== undefined) {
    throw invalidConfig('fallbacks and retryPolicy go with primary.', 'Name a primary.');
  }
}

function choose(config: LooseConfig, settings: EntrySettings, onWarning: App['onWarning']): Choice {
  const platform = detectPlatform(settings.globals);
  const { appName = DEFAULT_APP_NAME, type, primary, fallbacks = [], retryPolicy } = config;
  const isAutomatic = primary === undefined && type === undefined;
  const around = { settings, platform, appName, retryPolicy, onWarning, isAutomatic };
  const place = (entry: unknown): Candidate => toCandidate(entry, around);
  if (primary !== undefined) {
    if (!Array.isArray(fallbacks)) throw invalidConfig('fallbacks is not a list.');
    const candidates = [primary, ...fallbacks].map(place);
    return { candidates, isAskedFor: true, reason: 'It is the primary one.' };
  }
  if (type !== undefined) {
    return { candidates: [place(config)], isAskedFor: true, reason: 'It was asked for by type.' };
  }
  const { places, reason, moveUp } = settings.automatic(platform, config);
  const app: App = { appName, onWarning };
  return {
    candidates: places.map(place),
    isAskedFor: false,
    reason,
    ...(moveUp && { moveUp: (to) => moveUp(to, app) }),
  };
}

interface Surroundings {
  readonly settings: EntrySettings;
  readonly platform: Platform;
  readonly appName: string;
  readonly retryPolicy: RetryOptions | undefined;
  readonly onWarning: App['onWarning'];
  readonly isAutomatic: boolean;
}

/** Reads one place of a chain: a name, a name with options, or a storage. Errors: `invalid-config` for anything else. */
function toCandidate(entry: unknown, around: Surroundings): Candidate {
  if (typeof entry === 'string') return namedCandidate({ type: entry }, around);
  if (typeof entry === 'object' && entry !== null) {
    if ('type' in entry) return namedCandidate(entry as LooseConfig, around);
    const provider = foreignProvider(entry as StorageEngine);
    return { name: provider.name, make: () => provider, isForeign: true };
  }
  throw invalidConfig(`${JSON.stringify(entry)} is no storage.`, 'Name one, or pass one.');
}

/** What an application passed, with core's half of the contract around it. */
function foreignProvider(storage: StorageEngine): StorageProvider {
  try {
    return providerOf(createEngine(storage));
  } catch (cause) {
    throw invalidConfig(
      'primary or fallbacks hold something that is no storage.',
      undefined,
      cause,
    );
  }
}

function namedCandidate(config: LooseConfig, around: Surroundings): Candidate {
  const { settings, platform, appName, retryPolicy, onWarning, isAutomatic } = around;
  const name = String(config.type);
  const known = knownBackend(name);
  const own = Object.entries(config).filter(([field]) => !CHOICE_FIELDS.includes(field));
  const retry = retryPolicy === undefined ? {} : { retry: retryPolicy };
  const options: BackendOptions = { ...retry, ...Object.fromEntries(own) };
  const app: App = { appName: config.appName ?? appName, onWarning };
  const holdsData = isAutomatic ? settings.backends[known.id]?.holdsData : undefined;
  function make(): StorageProvider {
    const backend = settings.backends[known.id];
    if (backend === undefined && known.id !== 'fs') throw notInstalled(name, known);
    if (backend === undefined || (backend.needsFileSystem && !platform.hasFileSystem)) {
      throw invalidConfig(
        `"${name}" needs a file system, and there is none here (${platform.runtime}).`,
        "On a desktop or server, import createStorage from '@granary/storage/desktop'.",
      );
    }
    return backend.provider(options, app);
  }
  return {
    name,
    make,
    isForeign: false,
    isHere: isAutomatic,
    ...(holdsData && { holdsData: () => holdsData(options, app) }),
  };
}

/** What `getInfo` tells about the choice. */
function choiceOf(
  chosen: ReturnType<FallbackProvider['chosen']>,
  reason: string,
): Partial<Pick<StorageInfo, 'provider' | 'reason'>> {
  if (chosen === undefined) return { reason };
  const { provider, failed, moved } = chosen;
  const why = failed.map(({ name, error }) => `"${name}" could not be used: ${error.message}`);
  return {
    provider,
    reason: [...(failed.length === 0 ? [reason] : why), ...told(moved)].join(' '),
  };
}

function told(moved: MovedUp | undefined): readonly string[] {
  if (moved === undefined || moved.items + moved.left.length === 0) return [];
  const { from, items, left } = moved;
  const stayed = left.length === 0 ? '' : `, and ${left.length} stay there`;
  return [`${items} items were moved from "${from}"${stayed}.`];
}

function invalidConfig(reason: string, hint?: string, cause?: unknown): StorageError {
  return new StorageError('invalid-config', reason, { operation: 'createStorage', hint, cause });
}
