import type { RetryEvent, RetryOptions } from '../src/contract/factory.ts';
import type { StorageProvider } from '../src/contract/provider.ts';
import type { ErrorCode } from '../src/errors/error-codes.ts';
import { StorageError, type StorageErrorFields } from '../src/errors/storage-error.ts';
import { guardProvider } from '../src/provider/guard-provider.ts';
import { withRetry } from '../src/provider/with-retry.ts';
import {
  type TinyCall,
  type TinyProvider,
  type TinyProviderSettings,
  tinyProvider,
} from './tiny-provider.ts';

/** A fault of one operation: the error, and whether it strikes after the effect. */
export interface Fault {
  readonly on: string;
  readonly code?: ErrorCode;
  readonly fields?: StorageErrorFields;
  readonly after?: boolean;
  /** How often. Default: once. */
  times?: number;
  /** Calls of the operation that go through first. */
  skip?: number;
}

export interface RetriedProvider {
  readonly tiny: TinyProvider;
  readonly provider: StorageProvider;
  /** Waits, in ms. */
  readonly slept: number[];
  readonly events: RetryEvent[];
}

/** A provider that fails by a script, below the retry loop, with what the loop did. */
export function retried(
  faults: Fault[] = [],
  options: RetryOptions = {},
  settings: TinyProviderSettings = {},
): RetriedProvider {
  const slept: number[] = [];
  const events: RetryEvent[] = [];
  const tiny = tinyProvider({
    ...settings,
    async intercept({ operation, key }: TinyCall, proceed) {
      const fault = faults.find((one) => one.on === operation && (one.times ?? 1) > 0);
      if (fault === undefined) return proceed();
      if ((fault.skip ?? 0) > 0) {
        fault.skip = (fault.skip ?? 0) - 1;
        return proceed();
      }
      fault.times = (fault.times ?? 1) - 1;
      if (fault.after) await proceed();
      throw new StorageError(fault.code ?? 'unavailable', 'scripted.', { key, ...fault.fields });
    },
  });
  const provider = guardProvider(
    withRetry(tiny, {
      random: () => 1,
      sleep: async (ms) => {
        slept.push(ms);
      },
      onRetry: (event) => events.push(event),
      ...options,
    }),
  );
  return { tiny, provider, slept, events };
}

/** How often an operation reached the provider. */
export function countOf(calls: readonly string[], operation: string): number {
  return calls.filter((call) => call.split(' ')[0] === operation).length;
}
