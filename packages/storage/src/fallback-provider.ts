import {
  type Capabilities,
  isStorageError,
  OPTIONAL_OPERATIONS,
  type OperationOptions,
  StorageError,
  type StorageProvider,
  toStorageError,
} from '@granary/storage-core/provider';
import { intersectCapabilities } from './intersect-capabilities.ts';
import type { MovedUp } from './move-up.ts';

/** One of several places to keep things in. */
export interface Candidate {
  /** What the application calls it. */
  readonly name: string;
  /** Makes it, without I/O. Errors: `invalid-config` where it cannot be had here. */
  readonly make: () => StorageProvider;
  /** It belongs to the application, and is not closed because it failed to open. */
  readonly isForeign: boolean;
  /**
   * It can always be had here, so what making it fails with is a mistake in its options, and no reason
   * to go on to the next one. Default: false.
   */
  readonly isHere?: boolean;
  /**
   * Whether it is known to hold data of the application, so that another place would hide that.
   * Then its failure to open is the error of opening. Default: nobody knows.
   */
  readonly holdsData?: () => Promise<boolean>;
}

/** Something that an application should know about where its data goes. */
export interface StorageWarning {
  /**
   * `fell-back`: another place than the first one is used. `not-durable`: what is stored is gone
   * when the program ends, and nobody asked for that. `moved-up`: items of a place that was used
   * before are in this one now. `not-moved`: some or all of them stay where they are. `large-objects`:
   * large objects go to the same place as small ones. `evicted`: what was stored before is gone; the
   * browser has deleted it, or somebody has cleared it.
   */
  readonly code:
    | 'fell-back'
    | 'not-durable'
    | 'moved-up'
    | 'not-moved'
    | 'large-objects'
    | 'evicted';
  readonly message: string;
  /** What is used now. */
  readonly chosen: string;
  /** What was tried before, and why it is not used. */
  readonly failed: readonly FailedCandidate[];
  /** What was moved, and which items were not. */
  readonly moved?: MovedUp;
}

/** A place that could not be used. */
export interface FailedCandidate {
  readonly name: string;
  readonly error: StorageError;
}

/** What {@link fallbackProvider} works by. */
export interface FallbackSettings {
  readonly candidates: readonly Candidate[];
  /** Refuses what does not outlive the program. */
  readonly requireDurable: boolean;
  /** Whether the application knows that the first one is not durable. */
  readonly isFirstAskedFor: boolean;
  readonly onWarning: (warning: StorageWarning) => void;
  /**
   * Moves what lies in places after the chosen one. `undefined`: nothing lies there. It is waited
   * for; its failure is a warning. Default: nothing is moved.
   */
  readonly moveUp?: (to: StorageProvider) => Promise<MovedUp | undefined>;
}

/** A provider that is one of several. */
export interface FallbackProvider {
  readonly provider: StorageProvider;
  /** The id of the one that is used, what was tried before it, and what was moved to it; nothing before opening. */
  chosen():
    | {
        readonly provider: string;
        readonly failed: readonly FailedCandidate[];
        readonly moved?: MovedUp;
      }
    | undefined;
}

interface Chosen {
  readonly name: string;
  readonly provider: StorageProvider;
  readonly capabilities: Capabilities;
  readonly failed: readonly FailedCandidate[];
  readonly moved?: MovedUp;
}

/** What to do when the place that holds data does not say it by itself. */
const HIDING_HINT = 'Try again, or open that place alone: give its name as `type`.';
/** What to do when no place of several says it by itself. */
const NO_HINT = 'Mend one of them and try again, or name a further place in `fallbacks`.';

/** Those that the chosen provider has are passed on. */
const OPTIONAL_MEMBERS: readonly (keyof StorageProvider)[] = [
  ...OPTIONAL_OPERATIONS,
  ...(['native', 'storeId'] as const),
];

/**
 * Makes a provider that tries several in order when it is opened, and is the first one that opens
 * from then on. One that can tell its health must be well. When none opens, the next call tries all
 * of them again. Before it is open it can do what all of them can.
 * Errors: `invalid-config` at once where none of them can be had here; when none opens, the code
 * they share, else `unavailable`, with the reason of each.
 */
export function fallbackProvider(settings: FallbackSettings): FallbackProvider {
  const { candidates, requireDurable } = settings;
  const made = new Map<Candidate, StorageProvider>();
  let chosen: Chosen | undefined;

  function provide(candidate: Candidate): StorageProvider {
    const provider = made.get(candidate) ?? candidate.make();
    made.set(candidate, provider);
    return provider;
  }

  function current(): StorageProvider {
    if (chosen !== undefined) return chosen.provider;
    throw new StorageError('unavailable', 'no storage has been chosen yet.', {
      hint: 'Call ready() first.',
    });
  }

  async function tryOne(candidate: Candidate, options: OperationOptions): Promise<Chosen> {
    const provider = provide(candidate);
    try {
      const capabilities = { ...provider.capabilities, ...(await provider.open?.(options)) };
      if (requireDurable && !capabilities.durable) throw notDurable(candidate.name);
      if (capabilities.health) await requireHealth(provider, options);
      return { name: candidate.name, provider, capabilities, failed: [] };
    } catch (error) {
      if (!candidate.isForeign) {
        made.delete(candidate);
        await provider.close?.().catch(() => {});
      }
      throw toStorageError(error, { provider: provider.name, operation: 'open' }, options.signal);
    }
  }

  async function chooseOne(options: OperationOptions): Promise<Chosen> {
    const failed: FailedCandidate[] = [];
    for (const candidate of candidates) {
      const { name } = candidate;
      try {
        return { ...(await tryOne(candidate, options)), failed };
      } catch (error) {
        if (options.signal?.aborted) throw error;
        const known = toStorageError(error, { operation: 'open' });
        if (await candidate.holdsData?.()) throw hidingData(name, known);
        failed.push({ name, error: known });
      }
    }
    throw noneLeft(failed);
  }

  const capabilities = capabilitiesOfAll(candidates, provide);
  const provider: StorageProvider = {
    specVersion: 1,
    name: nameOfAll([...made.values()]),
    capabilities,
    async open(options) {
      const found = await chooseOne(options);
      warn(found, settings);
      const moved = await moveTo(found, settings);
      chosen = moved === undefined ? found : { ...found, moved };
      return chosen.capabilities;
    },
    get: (key, options) => current().get(key, options),
    put: (key, body, options) => current().put(key, body, options),
    stat: (key, options) => current().stat(key, options),
    delete: (key, options) => current().delete(key, options),
    list: (options) => current().list(options),
    async close() {
      await Promise.all([...made.values()].map((one) => one.close?.()));
    },
  };
  for (const member of OPTIONAL_MEMBERS) {
    Object.defineProperty(provider, member, {
      enumerable: true,
      get: () => (chosen?.provider ?? made.values().next().value)?.[member],
    });
  }
  return {
    provider,
    chosen: () =>
      chosen && {
        provider: chosen.provider.name,
        failed: chosen.failed,
        ...(chosen.moved && { moved: chosen.moved }),
      },
  };
}

/** The name before one is chosen, in errors and views. */
function nameOfAll(providers: readonly StorageProvider[]): string {
  const [name = 'fallback', ...others] = new Set(providers.map((provider) => provider.name));
  return others.length === 0 ? name : 'fallback';
}

/** What all that can be had here can do. Errors: `invalid-config` where none can. */
function capabilitiesOfAll(
  candidates: readonly Candidate[],
  provide: (candidate: Candidate) => StorageProvider,
): Capabilities {
  const failed: FailedCandidate[] = [];
  const all = candidates.flatMap((candidate) => {
    try {
      return [provide(candidate).capabilities];
    } catch (error) {
      if (candidate.isHere || !isStorageError(error, 'invalid-config')) throw error;
      failed.push({ name: candidate.name, error });
      return [];
    }
  });
  if (all.length === 0) throw noneLeft(failed);
  // A public URL is made without opening, so which of them it is of cannot be known.
  const { publicUrl: _unknown, ...shared } = intersectCapabilities(all);
  return shared;
}

async function requireHealth(provider: StorageProvider, options: OperationOptions): Promise<void> {
  const health = await provider.health?.(options);
  if (health === undefined || health.ok) return;
  throw health.error ?? new StorageError('unavailable', 'the storage says that it is not well.');
}

/** Moves up, and says what was moved and what was not. */
async function moveTo(
  { name, provider, failed }: Chosen,
  { moveUp, onWarning }: FallbackSettings,
): Promise<MovedUp | undefined> {
  const tell = (code: StorageWarning['code'], message: string, moved?: MovedUp) =>
    onWarning({ code, message, chosen: name, failed, ...(moved && { moved }) });
  let moved: MovedUp | undefined;
  try {
    moved = await moveUp?.(provider);
  } catch (error) {
    const { message } = toStorageError(error);
    tell('not-moved', `What was stored elsewhere could not be moved to "${name}". ${message}`);
  }
  if (moved === undefined) return undefined;
  const { from, items, left } = moved;
  if (items > 0) tell('moved-up', `${items} items were moved from "${from}" to "${name}".`, moved);
  if (left.length > 0) {
    tell('not-moved', `${left.length} items stay in "${from}". ${left[0]?.error.message}`, moved);
  }
  return moved;
}

function hidingData(name: string, error: StorageError): StorageError {
  const { provider, retryable, retryAfterMs, outcome, usage, hint = HIDING_HINT } = error;
  return new StorageError(
    error.code,
    `"${name}" holds data of this application and cannot be opened, and another place would hide that: ${reasonOf(error)}`,
    { operation: 'open', provider, retryable, retryAfterMs, outcome, usage, hint, cause: error },
  );
}

/** What an error says besides its place and hint. */
function reasonOf({ message, provider, operation, hint }: StorageError): string {
  const place = [provider, operation].filter((word) => word !== undefined).join(' ');
  const start = place !== '' && message.startsWith(`${place}: `) ? place.length + 2 : 0;
  const end = hint !== undefined && message.endsWith(` ${hint}`) ? -(hint.length + 1) : undefined;
  return message.slice(start, end);
}

function notDurable(name: string): StorageError {
  return new StorageError(
    'invalid-config',
    `"${name}" is not durable, and requireDurable is set.`,
    {
      hint: 'Name a storage that outlives the program, or leave requireDurable out.',
    },
  );
}

function noneLeft(failed: readonly FailedCandidate[]): StorageError {
  const [first, ...others] = failed;
  if (first !== undefined && others.length === 0) return first.error;
  const isSame = others.every(({ error }) => error.code === first?.error.code);
  const reasons = failed.map(({ name, error }) => `${name}: ${reasonOf(error)}`);
  const hints = failed.flatMap(({ name, error: { hint } }) =>
    hint === undefined ? [] : [`${name}: ${hint}`],
  );
  const usage = failed.find(({ error }) => error.usage !== undefined)?.error.usage;
  return new StorageError(
    isSame && first !== undefined ? first.error.code : 'unavailable',
    `none of ${failed.map(({ name }) => name).join(', ')} can be used. ${reasons.join(' ')}`,
    {
      operation: 'open',
      hint: hints.length > 0 ? `What to do for ${hints.join(' ')}` : NO_HINT,
      ...(usage !== undefined && { usage }),
      cause: first?.error,
    },
  );
}

function warn({ name, capabilities, failed }: Chosen, settings: FallbackSettings): void {
  const { onWarning, isFirstAskedFor } = settings;
  const reasons = failed.map((one) => ` ${one.name}: ${one.error.message}`).join('');
  if (failed.length > 0) {
    const message = `Storage fell back to "${name}".${reasons}`;
    onWarning({ code: 'fell-back', message, chosen: name, failed });
  }
  if (!capabilities.durable && (failed.length > 0 || !isFirstAskedFor)) {
    const message = `Storage "${name}" is not durable: what is stored is gone when the program ends.`;
    onWarning({ code: 'not-durable', message, chosen: name, failed });
  }
}
