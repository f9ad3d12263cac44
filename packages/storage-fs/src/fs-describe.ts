import type { Stats } from 'node:fs';
import { type SelectedSide, selectAttributes } from '@granary/storage-core/provider';
import { fingerprintOf } from './fs-info.ts';
import type { Store } from './fs-store.ts';

/** A file whose companion is asked for. */
export interface FileToDescribe {
  readonly key: string;
  readonly file: string;
  readonly stats: Stats;
  /** The path of a name in the file's folder. */
  at(name: string): string;
  /** Whether the paths are those of a pinned folder. */
  readonly isPinned: boolean;
  /** What is known of the file now; `undefined` when it is gone. */
  now(): Stats | undefined | Promise<Stats | undefined>;
}

/**
 * What the companion says of a file; `undefined` where there is nothing. `again`: the file was
 * replaced meanwhile, so that the companion may be another one's.
 */
export async function describeFile(
  { companions, look }: Store,
  { key, file, stats, at, isPinned, now }: FileToDescribe,
): Promise<SelectedSide | undefined | 'again'> {
  const name = companions.nameOf(file);
  if (name === undefined) return undefined;
  const path = at(name);
  const found = look(path);
  const there = found instanceof Promise ? await found : found;
  const text = there && (await companions.text(path, isPinned ? undefined : path));
  const record = companions.record(text, key);
  const selected = record && selectAttributes(record, fingerprintOf(stats));
  if (selected !== undefined && selected.matched !== 'neither') return selected;
  const current = now();
  const after = current instanceof Promise ? await current : current;
  const isSame =
    after !== undefined &&
    after.nlink > 0 &&
    after.ino === stats.ino &&
    after.ctimeMs === stats.ctimeMs;
  return isSame ? selected : 'again';
}
