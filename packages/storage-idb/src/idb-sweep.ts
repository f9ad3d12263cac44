import type { IdbContext } from './idb-commit.ts';
import type { WriteRow } from './idb-schema.ts';

/** Where there are no Web Locks, a writer that has stored nothing for so long is taken for dead. */
const DEAD_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Removes what dead writers have left: content that no object has, and upload sessions past their
 * time. A writer is dead when it holds its Web Lock no more, however slow a living one is.
 */
export async function sweepLeftovers(context: IdbContext): Promise<void> {
  const { store, presence, chunks, files, now } = context;
  const { rows, hasUploads } = await store.read(['writes', 'uploads'], async (tx) => {
    const [found, uploads] = await Promise.all([
      tx.table('writes').toArray(),
      tx.table('uploads').count(),
    ]);
    return { rows: found, hasUploads: uploads > 0 };
  });
  if (rows.length > 0) {
    // Asked after the rows were read: whoever has a row held the lock before.
    const isAlive = (await presence.alive()) ?? (() => undefined);
    const isDead = (row: WriteRow) =>
      row.writer !== store.writer &&
      !(isAlive(row.writer) ?? row.touchedAt > now() - DEAD_AFTER_MS);
    for (const row of rows.filter(isDead)) {
      if (row.in === 'chunks') await chunks.remove(row);
      else await files?.remove(row);
    }
  }
  if (hasUploads) await dropExpiredUploads(context);
}

async function dropExpiredUploads({ store, now }: IdbContext): Promise<void> {
  await store.write(['uploads', 'chunks'], async (tx) => {
    const uploads = await tx.table('uploads').toArray();
    const ended = uploads.filter(({ expiresAt }) => expiresAt <= now()).map(({ id }) => id);
    await Promise.all([
      tx.table('uploads').bulkDelete(ended),
      ...ended.map((id) => tx.table('chunks').where('id').equals(id).delete()),
    ]);
  });
}
