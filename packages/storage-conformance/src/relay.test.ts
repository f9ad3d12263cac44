import { guardProvider, type StorageProvider } from '@granary/storage-core/provider';
import { describe, expect, it } from 'vitest';
import { mapProvider } from '../test/providers/map-provider.ts';
import { mapStore } from '../test/providers/map-store.ts';
import { relay } from './relay.ts';

describe('relay', () => {
  it('has the operations and capabilities that opening brought', async () => {
    const map = mapProvider(mapStore(), { serverUrl: '' });
    let isOpen = false;
    const late: StorageProvider = {
      specVersion: 1,
      name: 'late',
      get capabilities() {
        return isOpen ? map.capabilities : {};
      },
      async open() {
        isOpen = true;
        return map.capabilities;
      },
      get: map.get,
      put: map.put,
      stat: map.stat,
      delete: map.delete,
      list: map.list,
    };
    Object.defineProperty(late, 'usage', { get: () => (isOpen ? map.usage : undefined) });
    const relayed = relay(late, { name: 'other' });
    expect(relayed.usage).toBeUndefined();
    await relayed.open?.({});
    expect(relayed.capabilities.usage).toBe(true);
    expect(await relayed.usage?.({})).toMatchObject({ usedBytes: 0 });
    expect(relayed.name).toBe('other');
  });

  it('is guarded like a provider of its own', async () => {
    const map = mapProvider(mapStore(), { serverUrl: '' });
    const guarded = guardProvider(relay(guardProvider(map)));
    await expect(guarded.stat('none', {})).rejects.toMatchObject({ code: 'not-found' });
  });
});
