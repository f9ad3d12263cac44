import type { Body } from '../contract/body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { StorageInfo } from '../contract/engine.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError, type StorageErrorFields } from '../errors/storage-error.ts';
import { abortedError, toStorageError } from '../errors/to-storage-error.ts';
import { OPTIONAL_OPERATIONS } from './optional-operations.ts';
import { outcomeOf } from './outcome-of.ts';
import { raceAbort } from './race-abort.ts';

/** What an operation is about, for its errors. */
export interface Place {
  readonly operation: string;
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Its errors tell the outcome. */
  readonly writes?: boolean;
  /** Let go of when the operation fails. */
  readonly body?: Body;
}

/** Lets operations in: opened, not closed, not aborted, counted, and with labels on their errors. */
export interface Admission {
  readonly name: string;
  state(): StorageInfo['state'];
  capabilities(): Capabilities;
  run<Result>(
    place: Place,
    call: () => Promise<Result>,
    finish?: (result: Result) => Result,
  ): Promise<Result>;
  /** Every use of what it returns is a new walk. `undefined` from the source is an empty one. */
  walk<Page>(
    place: Place,
    source: () => AsyncIterable<Page> | undefined,
    inspect?: (page: Page) => void,
  ): AsyncIterable<Page>;
  /** Counts a read of a body as in flight. */
  track(reading: Promise<unknown>): void;
  label(error: unknown, place: Place): StorageError;
  open(signal: AbortSignal | undefined): Promise<void>;
  /** Ends what lasts, waits for what is in flight, then closes the provider. Once. */
  close(endLasting: () => Promise<void>): Promise<void>;
}

/** An `open` that runs, and how many wait for it. */
interface Opening {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  waiting: number;
}

/** Keeps SPEC OPEN-1 to OPEN-7, ERR-1, ERR-3 and ABORT-1 for one provider. */
export function admission(provider: StorageProvider): Admission {
  const { name } = provider;
  let capabilities = declared(provider, {});
  let isOpen = provider.open === undefined;
  let used = false;
  let opening: Opening | undefined;
  let closing: Promise<void> | undefined;
  let inFlight = 0;
  let whenIdle: (() => void) | undefined;

  function leave(): void {
    inFlight -= 1;
    if (inFlight === 0) whenIdle?.();
  }

  function label(error: unknown, { operation, key, signal, writes }: Place): StorageError {
    const fields: StorageErrorFields = { provider: name, operation, key };
    const known = toStorageError(error, fields, signal);
    if (!writes || known.outcome !== undefined) return known;
    return known.with({ outcome: outcomeOf(known) });
  }

  /** Why nothing may start now. */
  function refusal({ signal }: Place): StorageError | undefined {
    if (closing !== undefined) {
      return new StorageError('closed', 'the storage is closed.', {
        outcome: 'not-applied',
        hint: 'Make a new one.',
      });
    }
    return signal?.aborted ? abortedError(signal, { outcome: 'not-applied' }) : undefined;
  }

  function open(signal: AbortSignal | undefined): Promise<void> {
    opening ??= start();
    const mine = opening;
    mine.waiting += 1;
    return raceAbort(mine.done, signal).finally(() => {
      mine.waiting -= 1;
      if (mine.waiting > 0 || isOpen) return;
      // Nobody wants it any more, so whoever comes next begins anew.
      if (opening === mine) opening = undefined;
      mine.controller.abort();
    });
  }

  function start(): Opening {
    const controller = new AbortController();
    const done = (async () => {
      try {
        const opened = await provider.open?.({ signal: controller.signal });
        capabilities = declared(provider, opened ?? {});
        isOpen = true;
      } catch (error) {
        if (opening?.controller === controller) opening = undefined;
        throw label(error, { operation: 'open' });
      }
    })();
    done.catch(() => {});
    return { done, controller, waiting: 0 };
  }

  function fail(error: unknown, place: Place): StorageError {
    const known = label(error, place);
    place.body?.cancel(known).catch(() => {});
    return known;
  }

  function run<Result>(
    place: Place,
    call: () => Promise<Result>,
    finish?: (result: Result) => Result,
  ): Promise<Result> {
    const refused = refusal(place);
    if (refused !== undefined) return Promise.reject(fail(refused, place));
    used = true;
    inFlight += 1;
    let pending: Promise<Result>;
    try {
      pending = isOpen ? call() : open(place.signal).then(call, notBegun);
    } catch (error) {
      leave();
      return Promise.reject(fail(error, place));
    }
    return pending.then(
      (result) => {
        leave();
        return finish === undefined ? result : finish(result);
      },
      (error: unknown) => {
        leave();
        throw fail(error, place);
      },
    );
  }

  async function* steps<Page>(
    place: Place,
    source: () => AsyncIterable<Page> | undefined,
    inspect: ((page: Page) => void) | undefined,
  ): AsyncGenerator<Page, void, undefined> {
    const pages = await run(place, async () => source());
    if (pages === undefined) return;
    const iterator = pages[Symbol.asyncIterator]();
    let state: 'walking' | 'ended' | 'failed' = 'walking';
    try {
      for (;;) {
        const step = await run(place, () => iterator.next());
        if (step.done) {
          state = 'ended';
          return;
        }
        inspect?.(step.value);
        yield step.value;
      }
    } catch (error) {
      state = 'failed';
      throw label(error, place);
    } finally {
      const release = state === 'ended' ? undefined : iterator.return?.();
      if (state === 'walking') await release;
      else release?.catch(() => {});
    }
  }

  async function shut(endLasting: () => Promise<void>): Promise<void> {
    await endLasting();
    if (inFlight > 0) {
      await new Promise<void>((resolve) => {
        whenIdle = resolve;
      });
    }
    try {
      await provider.close?.();
    } catch (error) {
      throw label(error, { operation: 'close' });
    }
  }

  return {
    name,
    state: () => (closing !== undefined ? 'closed' : isOpen && used ? 'open' : 'new'),
    capabilities: () => capabilities,
    run,
    walk: (place, source, inspect) => ({
      [Symbol.asyncIterator]: () => steps(place, source, inspect),
    }),
    track(reading) {
      inFlight += 1;
      reading.then(leave, leave);
    },
    label,
    open: (signal) => run({ operation: 'open', signal }, () => open(signal)),
    close(endLasting) {
      closing ??= shut(endLasting);
      return closing;
    },
  };
}

/** Whatever kept an operation from beginning did not let it be applied. */
function notBegun(error: unknown): never {
  throw toStorageError(error).with({ outcome: 'not-applied' });
}

/** The capabilities after opening, frozen, when they are what the provider can keep. */
function declared(provider: StorageProvider, opened: Partial<Capabilities>): Capabilities {
  const before: Capabilities = provider.capabilities;
  for (const [field, value] of Object.entries(opened)) {
    const was = before[field as keyof Capabilities];
    if ((was === true && value === false) || (isLimit(was) && isLimit(value) && value < was)) {
      throw wrongProvider(provider, `its open() took back "${field}", which it had declared`);
    }
  }
  const capabilities: Capabilities = { ...before, ...defined(opened) };
  for (const operation of OPTIONAL_OPERATIONS) {
    const present = provider[operation] !== undefined;
    if (capabilities[operation] && !present) {
      throw wrongProvider(provider, `it declares "${operation}" and does not have it`);
    }
    // With open(), a method may wait for what opening finds out.
    if (present && !capabilities[operation] && provider.open === undefined) {
      throw wrongProvider(provider, `it has "${operation}" and does not declare it`);
    }
  }
  return Object.freeze(capabilities);
}

function defined(capabilities: Partial<Capabilities>): Partial<Capabilities> {
  return Object.fromEntries(
    Object.entries(capabilities).filter(([, value]) => value !== undefined),
  );
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number';
}

function wrongProvider({ name }: StorageProvider, what: string): StorageError {
  return new StorageError('invalid-config', `the provider is not right: ${what}.`, {
    provider: name,
    hint: 'This is a mistake in the backend or layer, not in how it is used.',
  });
}
