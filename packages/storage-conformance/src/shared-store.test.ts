import { expect, it } from 'vitest';
import { mapProvider } from '../test/providers/map-provider.ts';
import { mapStore } from '../test/providers/map-store.ts';
import { runConformance } from './run-conformance.ts';
import { sharedStore } from './shared-store.ts';

it('gives every scenario a prefix of one store, and empties it', async () => {
  const store = mapStore();
  let opened = 0;
  let closed = 0;
  const { create, close } = sharedStore(() => {
    opened += 1;
    const provider = mapProvider(store, { serverUrl: 'http://127.0.0.1:9' });
    return {
      ...provider,
      close: async () => {
        closed += 1;
      },
    };
  });
  const report = await runConformance(
    { name: 'shared', create },
    { rules: ['LIST', 'GET', 'CONC-4'], slow: false },
  );
  expect(report.scenarios.filter(({ result }) => result === 'failed')).toEqual([]);
  expect(store.objects.size).toBe(0);
  await close();
  expect([opened, closed]).toEqual([1, 1]);
});

it('has nothing to close before it was used', async () => {
  const { close } = sharedStore(() => {
    throw new Error('never opened');
  });
  await close();
});
