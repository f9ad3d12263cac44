import { toBody } from '../src/bodies/to-body.ts';
import type { Capabilities } from '../src/contract/capabilities.ts';
import type { StorageProvider } from '../src/contract/provider.ts';
import { guardProvider } from '../src/provider/guard-provider.ts';
import { type TinyProvider, type TinyProviderSettings, tinyProvider } from './tiny-provider.ts';

/** A guarded provider and the one inside. */
export interface GuardedProvider {
  readonly tiny: TinyProvider;
  readonly provider: StorageProvider;
}

/** Every capability: what a provider is `without` that has none. */
export const NONE: readonly (keyof Capabilities)[] = Object.keys(
  tinyProvider().capabilities,
) as (keyof Capabilities)[];

/** An empty provider under the guard. */
export function guarded(settings: TinyProviderSettings = {}): GuardedProvider {
  const tiny = tinyProvider(settings);
  return { tiny, provider: guardProvider(tiny) };
}

/** The same with an object `a` and a session of `u`. */
export async function filled(settings: TinyProviderSettings = {}): Promise<GuardedProvider> {
  const { tiny, provider } = guarded(settings);
  await tiny.put('a', toBody('hello'), {});
  await tiny.upload?.('u', {});
  tiny.calls.length = 0;
  return { tiny, provider };
}
