import type { RetryOptions, StorageProvider } from '@granary/storage-core/provider';
import type { FaultedRequest } from '../fault-proxy.ts';

/** Where a store is reached, and how often something is tried again. */
export interface FaultPlace {
  /** Address of the proxy, to be used as the endpoint: `http://127.0.0.1` with a port. */
  readonly url: string;
  /** To be passed to the factory as `retry`: small time limits, and waits that take no time. */
  readonly retry: RetryOptions;
}

/** One empty store behind a proxy. */
export interface FaultStore {
  /** Of the factory, so with the retry loop around it. */
  readonly provider: StorageProvider;
  /** Removes the store, not through the proxy, which may be gone. Called once, after the provider was closed. */
  close?(): void | Promise<void>;
}

/** Content goes `up` when it is written, and `down` when it is read. */
export type ContentWay = 'up' | 'down';

/** What the author of a backend hands to `describeFaults`. */
export interface FaultHarness {
  /** Shown in reports. */
  readonly name: string;
  /** Address of the server, such as `http://127.0.0.1:9000`, or what finds it when the tests run. */
  readonly target: string | (() => string | Promise<string>);
  /** Makes an empty store, or an unused prefix of one, whose endpoint is the proxy. */
  open(place: FaultPlace): FaultStore | Promise<FaultStore>;
  /**
   * Whether a request carries content up or down, for a backend that looks something up before:
   * trouble with content then hits those requests. Default: every request does.
   */
  carriesContent?(request: FaultedRequest, way: ContentWay): boolean;
  /** Titles of scenarios that are known to fail, each with the reason. They must fail. */
  readonly knownGaps?: Readonly<Record<string, string>>;
  /**
   * Most connections that may be open after `close`, where the runtime keeps them and not the
   * provider, as the global `fetch` does. Default: 0.
   */
  readonly keptConnections?: number;
  /** The longest that one operation may take, however often it is tried. Units: ms. Default: 20,000. */
  readonly timeoutMs?: number;
}
