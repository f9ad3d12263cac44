import {
  guardProvider,
  type RetryOptions,
  type StorageError,
  type StorageProvider,
  toBody,
} from '@granary/storage-core/provider';
import { ensure, equal, fail, failsWith, rejection, storageError } from '../check.ts';
import { collect, noise, until } from '../content.ts';
import type { FaultProxy, ProxyFault } from '../fault-proxy.ts';
import { isEqual } from '../is-equal.ts';
import { SkipSignal } from '../open-context.ts';
import type { ContentWay, FaultHarness } from './fault-harness.ts';

/** Content of the key `old`, which is there before the trouble. */
export const OLD_CONTENT: Uint8Array = noise(20_000, 1);
/** Content that is written during the trouble. */
export const NEW_CONTENT: Uint8Array = noise(20_000, 2);

/** Longest single try. Units: ms. */
const TRY_MS = 1_500;
const ATTEMPTS = 3;
const OPERATION_MS = 20_000;
const CLOSED_WITHIN_MS = 5_000;

/** What a scenario works with: a store with the object `old` in it, reached through a proxy. */
export interface FaultContext {
  /** Opened, with core's guard and the retry loop around it. */
  readonly provider: StorageProvider;
  readonly proxy: FaultProxy;
  /** How long the retry loop wanted to wait, wait by wait. Units: ms. */
  readonly waits: readonly number[];
  /** Runs before the next wait ends. */
  beforeRetry(action: () => Promise<unknown>): void;
  /** Starts another proxy that answers everything by itself. */
  decoy(fault: ProxyFault): Promise<FaultProxy>;
  /** The fault as it hits requests that carry content that way. */
  onContent(way: ContentWay, fault: ProxyFault): ProxyFault;
  /** Does something under a fault, which is over afterwards. Fails when it takes too long. */
  under<Value>(fault: ProxyFault, action: () => Promise<Value>): Promise<Value>;
  /** The same for something that must fail with a StorageError. */
  failure(fault: ProxyFault, action: () => Promise<unknown>): Promise<StorageError>;
  /** The content of a key, or undefined when there is none. */
  content(key: string): Promise<Uint8Array | undefined>;
  /** Checks that every key holds one of its contents, and that listings and stats say the same. */
  whole(contents: Readonly<Record<string, readonly (Uint8Array | undefined)[]>>): Promise<void>;
  /** Ends the scenario as skipped. */
  skip(reason: string): never;
}

/** Makes a store behind a proxy, runs a scenario in it, and checks that it lets go of every connection. */
export async function withFaults(
  harness: FaultHarness,
  run: (context: FaultContext) => Promise<void>,
): Promise<void> {
  // Loaded here, because the proxy needs Node and this module's users may run elsewhere.
  const { startFaultProxy } = await import('../fault-proxy.ts');
  const { target, keptConnections = 0, timeoutMs = OPERATION_MS } = harness;
  const address = typeof target === 'string' ? target : await target();
  await using proxy = await startFaultProxy({ target: address });
  const decoys: FaultProxy[] = [];
  const waits: number[] = [];
  let interlude: (() => Promise<unknown>) | undefined;
  const retry: RetryOptions = {
    attempts: ATTEMPTS,
    baseDelayMs: 1,
    attemptTimeoutMs: TRY_MS,
    idleTimeoutMs: TRY_MS,
    random: () => 1,
    async sleep(ms) {
      waits.push(ms);
      const action = interlude;
      interlude = undefined;
      await action?.();
    },
  };
  const store = await harness.open({ url: proxy.url, retry });
  const provider = guardProvider(store.provider);
  try {
    await provider.open?.({});
    await provider.put('old', toBody(OLD_CONTENT), {});
    await run({
      provider,
      proxy,
      waits,
      ...actions(provider, proxy, timeoutMs),
      onContent: (way, fault) =>
        harness.carriesContent === undefined
          ? fault
          : { ...fault, match: (request) => harness.carriesContent?.(request, way) === true },
      beforeRetry(action) {
        interlude = action;
      },
      async decoy(fault) {
        const other = await startFaultProxy({ target: address });
        decoys.push(other);
        other.set(fault);
        return other;
      },
      skip(reason): never {
        throw new SkipSignal(reason);
      },
    });
  } catch (error) {
    // What hangs would keep the provider from closing, and what broke is told rather than that.
    await proxy.stop();
    await close().catch(() => undefined);
    throw error;
  }
  await close();

  async function close(): Promise<void> {
    await Promise.all(decoys.map((decoy) => decoy.stop()));
    await provider.close?.();
    await store.close?.();
  }
  const isFree = () => proxy.activeRequests() === 0 && proxy.openConnections() <= keptConnections;
  await until(isFree, CLOSED_WITHIN_MS);
  equal(proxy.activeRequests(), 0, 'requests that nobody has ended after close');
  const open = proxy.openConnections();
  ensure(
    open <= keptConnections,
    `after close ${keptConnections} connections may be open, and ${open} are`,
  );
}

type Actions = Pick<FaultContext, 'under' | 'failure' | 'content' | 'whole'>;

function actions(provider: StorageProvider, proxy: FaultProxy, timeoutMs: number): Actions {
  async function under<Value>(fault: ProxyFault, action: () => Promise<Value>): Promise<Value> {
    proxy.set(fault);
    try {
      return await inTime(action(), timeoutMs);
    } finally {
      const hits = proxy.hits();
      proxy.set(undefined);
      if (hits === 0) fail(`no request was made that the fault '${fault.kind}' could hit`);
    }
  }

  async function content(key: string): Promise<Uint8Array | undefined> {
    try {
      return await (await provider.get(key, {})).bytes();
    } catch (error) {
      if (storageError(error, `get of '${key}'`).code === 'not-found') return undefined;
      throw error;
    }
  }

  return {
    under,
    content,
    failure: async (fault, action) =>
      storageError(
        await rejection(under(fault, action), `under the fault '${fault.kind}'`),
        'an operation that the network broke',
      ),
    async whole(contents) {
      const there: string[] = [];
      for (const [key, allowed] of Object.entries(contents)) {
        const found = await content(key);
        const sizes = allowed.map((one) => one?.byteLength ?? 'nothing').join(' or ');
        ensure(
          allowed.some((one) => isEqual(found, one)),
          `'${key}' should hold ${sizes}, whole; it has ${found?.byteLength ?? 'nothing'}`,
        );
        if (found === undefined) {
          await failsWith('not-found', provider.stat(key, {}), `stat of '${key}'`);
        } else {
          there.push(key);
          equal((await provider.stat(key, {})).size, found.byteLength, `size of '${key}'`);
        }
      }
      const pages = await collect(provider.list({}));
      const keys = pages.flatMap(({ entries }) => entries.map(({ key }) => key));
      equal(keys.toSorted(), there.toSorted(), 'keys that are listed');
    },
  };
}

async function inTime<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `it hangs: there was no result after ${timeoutMs} ms`;
    timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
