import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { type AcmeEvent, createAcme } from './acme.ts';

/** A storage whose clock goes on by one at each look, and the events it told of. */
function observed(): { storage: ReturnType<typeof createAcme>; events: AcmeEvent[] } {
  const events: AcmeEvent[] = [];
  let time = 0;
  const storage = createAcme({
    underlying: createMemory({ versioning: true }),
    onOperation: (event) => events.push(event),
    now: () => time++,
  });
  return { storage, events };
}

describe('createAcme', () => {
  test('tells of an operation when it has ended', async () => {
    const { storage, events } = observed();
    await storage.put('a', 'content');
    expect(events).toEqual([{ operation: 'put', key: 'a', durationMs: 1 }]);
  });

  test('tells what an operation failed with, and lets the error through', async () => {
    const { storage, events } = observed();
    await expect(storage.get('missing')).rejects.toMatchObject({ code: 'not-found' });
    expect(events).toMatchObject([
      { operation: 'get', key: 'missing', error: { code: 'not-found' } },
    ]);
  });

  test('tells of a listing once, with its prefix', async () => {
    const { storage, events } = observed();
    await storage.list('logs/');
    expect(events).toMatchObject([{ operation: 'list', key: 'logs/' }]);
  });
});
