import type { StorageEngine } from '@granary/storage-core';
import type { StorageProvider } from '@granary/storage-core/provider';
import { assertSameBytes, sampleBytes } from '../harness/content.ts';
import { drive } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Metric, type Scale, type Workload } from '../harness/workload.ts';

/** One layer over a storage in memory. */
interface LayerSubject extends Subject {
  wrap(engine: StorageEngine, provider: StorageProvider): Promise<StorageEngine>;
}

/** One size of what goes through the layers. */
interface TaxSettings {
  readonly name: string;
  readonly title: string;
  /** Units: bytes. */
  readonly sizeBytes: number;
  readonly keys: number;
  /** Operations of one run. */
  readonly counts: Readonly<Record<Scale, number>>;
}

const KIB = 1024;
const NS_PER_MS = 1e6;

function layer(id: string, title: string, wrap: LayerSubject['wrap']): LayerSubject {
  return defineSubject({ id, title, kind: 'granary', wrap });
}

const layers: readonly LayerSubject[] = [
  layer('none', 'no layer: the engine against itself', async (engine) => engine),
  layer('prefix', "prefix view, at('users/42')", async (engine) => engine.at('users/42')),
  layer('retry', 'withRetry', async (_, provider) => {
    const [{ createStorage }, { withRetry }] = await Promise.all([
      import('@granary/storage-core'),
      import('@granary/storage-core/provider'),
    ]);
    return createStorage(withRetry(provider));
  }),
  layer('mock', 'mock without latency or failures', async (engine) => {
    const { createMock } = await import('@granary/storage-layers/mock');
    return createMock({ underlying: engine });
  }),
  layer('encrypted', 'encrypted, AES-256-GCM', async (underlying) => {
    const { createEncrypted } = await import('@granary/storage-layers/encrypt');
    return createEncrypted({ underlying, key: crypto.getRandomValues(new Uint8Array(32)) });
  }),
  layer('compressed', 'compressed, gzip of what does not shrink', async (underlying) => {
    const { createCompressed } = await import('@granary/storage-layers/compress');
    return createCompressed({ underlying, always: true });
  }),
  layer('verified', 'verified, SHA-256 in and out', async (underlying) => {
    const { createVerified } = await import('@granary/storage-layers/integrity');
    return createVerified({ underlying });
  }),
  layer('validated', 'validated, type by content', async (underlying) => {
    const { createValidated } = await import('@granary/storage-layers/validate');
    return createValidated({ underlying, contentTypeByContent: true });
  }),
  layer('limited', 'limited, a quota', async (underlying) => {
    const { createLimited } = await import('@granary/storage-layers/quota');
    return createLimited({ underlying, maxBytes: 1e12 });
  }),
  layer('expiring', 'expiring, a time to live', async (underlying) => {
    const { createExpiring } = await import('@granary/storage-layers/expire');
    return createExpiring({ underlying, ttl: 3_600_000 });
  }),
];

const nanoseconds = (title: string): Metric => ({ title, unit: 'ns/op', better: 'lower' });

/** What each layer adds to a put and a get in memory: of 1 KiB, for each operation, and of 1 MiB, for each MiB. */
export const layerTaxes: readonly Workload[] = [
  layerTax({
    name: 'layer-tax',
    title: 'What a layer costs, 1 KiB',
    sizeBytes: KIB,
    keys: 1000,
    counts: { full: 10_000, quick: 3000, tiny: 20 },
  }),
  layerTax({
    name: 'layer-tax-1m',
    title: 'What a layer costs, 1 MiB',
    sizeBytes: KIB * KIB,
    keys: 16,
    counts: { full: 50, quick: 20, tiny: 2 },
  }),
];

function layerTax({ name, title, sizeBytes, keys: keyCount, counts }: TaxSettings): Workload {
  return defineWorkload<LayerSubject>({
    name,
    title,
    about:
      `Puts and gets of ${sizeBytes} random bytes in memory, one after the other, through the bare engine and through the layer, ` +
      'in turns within each run. What the layer adds is the difference of the two.',
    metrics: {
      putTax: nanoseconds('added to put'),
      getTax: nanoseconds('added to get'),
      put: nanoseconds('put through the layer'),
      get: nanoseconds('get through the layer'),
    },
    subjects: layers,
    groupOf: ({ id }) => id,
    async start({ wrap }, { scale }) {
      const { createMemory } = await import('@granary/storage-memory');
      const provider = createMemory.provider();
      const { createStorage } = await import('@granary/storage-core');
      const bare = createStorage(provider);
      const layered = await wrap(bare, provider);
      const content = sampleBytes(sizeBytes, 51);
      const keys = Array.from({ length: keyCount }, (_, index) => `object-${index}.bin`);
      const count = counts[scale];
      const put = (engine: StorageEngine) =>
        drive(count, 1, (index) => engine.put(pick(keys, index), content));
      const get = (engine: StorageEngine) =>
        drive(count, 1, async (index) => (await engine.get(pick(keys, index))).bytes());
      const perOperation = (elapsedMs: number) => (elapsedMs / count) * NS_PER_MS;

      return {
        async verify() {
          for (const engine of [bare, layered]) {
            await drive(keyCount, 1, (index) => engine.put(pick(keys, index), content));
            const stored = await (await engine.get(pick(keys, 1))).bytes();
            assertSameBytes(stored, content, 'through the layer');
          }
        },
        async run(round) {
          const measure = async (engine: StorageEngine) => ({
            put: perOperation(await put(engine)),
            get: perOperation(await get(engine)),
          });
          const isLayerFirst = round % 2 !== 0;
          const first = await measure(isLayerFirst ? layered : bare);
          const second = await measure(isLayerFirst ? bare : layered);
          const [through, base] = isLayerFirst ? [first, second] : [second, first];
          return {
            put: through.put,
            get: through.get,
            putTax: through.put - base.put,
            getTax: through.get - base.get,
          };
        },
        async close() {
          await layered.close();
          await bare.close();
        },
      };
    },
  });
}
