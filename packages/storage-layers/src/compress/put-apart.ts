import {
  type BatchOptions,
  type BatchResult,
  type ObjectInfo,
  type PutEntry,
  type PutOptions,
  StorageError,
  type StorageProvider,
  toStorageError,
  unsupported,
} from '@granary/storage-core/provider';
import { putInParts, takesInParts } from './put-parts.ts';

/**
 * A batch below, in which what goes up in parts is put by itself. Where a key comes twice then, all
 * are put one after another, so that the later one counts. Errors: `too-large` for parts in an
 * atomic batch.
 */
export async function putManyApart(
  below: StorageProvider,
  entries: readonly PutEntry[],
  options: BatchOptions,
): Promise<readonly BatchResult<ObjectInfo>[]> {
  const { putMany } = below;
  if (putMany === undefined) throw unsupported(below.name, 'putMany');
  const isLarge = ({ body }: PutEntry) => takesInParts(below, body.size);
  const large = entries.filter(isLarge);
  if (large.length === 0) return putMany(entries, options);
  if (options.atomic) {
    throw new StorageError('too-large', `${JSON.stringify(large[0]?.key)} goes up in parts.`, {
      outcome: 'not-applied',
      hint: 'Put it by itself, or the batch without atomic.',
    });
  }
  const repeats = new Set(entries.map(({ key }) => key)).size < entries.length;
  const batch = repeats ? [] : entries.filter((entry) => !isLarge(entry));
  const answers = (batch.length === 0 ? [] : await putMany(batch, options)).values();
  const { signal } = options;
  const results: BatchResult<ObjectInfo>[] = [];
  for (const entry of entries) {
    if (!repeats && !isLarge(entry)) {
      results.push(...[answers.next().value ?? []].flat());
      continue;
    }
    const { key, body } = entry;
    const write: PutOptions = { ...entry.options, ...(signal !== undefined && { signal }) };
    try {
      const value = isLarge(entry)
        ? await putInParts(below, key, body, write)
        : await below.put(key, body, write);
      results.push({ key, ok: true, value });
    } catch (error) {
      if (signal?.aborted) throw error;
      results.push({ key, ok: false, error: toStorageError(error, { key }) });
    }
  }
  return results;
}
