import type { UsageOptions } from '../contract/engine.ts';
import type { Health, OperationOptions, Usage } from '../contract/operations.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import { measureHealth } from '../provider/measure-health.ts';
import { type EngineContext, engineError, NO_OPTIONS, opened, signalOf } from './engine-context.ts';
import { runMany } from './run-many.ts';

/** What the provider says is in use, or what a listing adds up to where the caller allows it. */
export async function usageOf(
  context: EngineContext,
  options: UsageOptions = NO_OPTIONS,
): Promise<Usage> {
  const { provider } = context;
  const { usage } = await opened(provider, options);
  if (usage !== undefined) return usage(signalOf(options));
  if (!options.scan) {
    throw engineError(provider, 'unsupported', 'it does not tell what is in use.', {
      operation: 'usage',
      hint: 'Allow to add up a listing: usage({ scan: true }).',
    });
  }
  const sized = provider.capabilities.listFields?.includes('size') === true;
  let usedBytes = 0;
  let objects = 0;
  for await (const { entries } of provider.list(signalOf(options))) {
    if (sized) {
      for (const entry of entries) if (entry.kind === 'item') usedBytes += entry.size ?? 0;
      objects += entries.length;
      continue;
    }
    const keys = entries.map(({ key }) => key);
    const infos = await runMany(context, 'usage', keys, signalOf(options), (key) =>
      provider.stat(key, signalOf(options)),
    );
    for (const info of infos) {
      if (info.ok) {
        usedBytes += info.value.size;
        objects += 1;
      } else if (!isStorageError(info.error, 'not-found')) {
        throw info.error;
      }
    }
  }
  return { usedBytes, objects };
}

/** Whether the store answers: the provider's own check, else the first page of a listing of one. */
export async function healthOf(
  { provider, now }: EngineContext,
  options: OperationOptions = NO_OPTIONS,
): Promise<Health> {
  let told: Health | undefined;
  const measured = await measureHealth(async () => {
    try {
      const { health } = await opened(provider, options);
      told = await health?.(signalOf(options));
      if (told !== undefined) return;
      for await (const _page of provider.list({ ...signalOf(options), limit: 1 })) break;
    } catch (error) {
      throw toStorageError(error, { provider: provider.name, operation: 'health' });
    }
  }, now);
  return told ?? measured;
}
