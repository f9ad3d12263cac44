import {
  type AnyEngine,
  type AnyItems,
  defineLayer,
  type EngineOptions,
  type ItemTypes,
  type LayerFactory,
  type StorageEngine,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { type MockControl, type MockGate, type MockOptions, mockGate } from './mock/control.ts';
import { mockLayer } from './mock/layer.ts';

export { type FakeClock, type FakeClockOptions, fakeClock, type MockClock } from './mock/clock.ts';
export type { MockCall, MockControl, MockOptions } from './mock/control.ts';
export type { Fault, FaultOptions, FaultyOperation, MockOperation } from './mock/faults.ts';

/** Options of {@link createMock}. */
export interface CreateMockOptions extends MockOptions {
  /** What holds the objects. Default: a memory storage of its own. */
  readonly underlying?: AnyEngine | StorageProvider;
}

/** A storage whose troubles are scripted. */
export type MockStorage<Items extends ItemTypes = AnyItems> = StorageEngine<Items> & MockControl;

/** A provider whose troubles are scripted through `mock`. */
export interface MockProvider extends StorageProvider {
  readonly mock: MockControl;
}

/** Makes storages for tests. */
export interface MockFactory {
  <Items extends ItemTypes = AnyItems>(
    options?: CreateMockOptions,
    engine?: EngineOptions,
  ): MockStorage<Items>;
  readonly provider: (provider: StorageProvider, options?: MockOptions) => MockProvider;
}

/**
 * Puts delays, faults and a quota over a provider, for tests of what lies above. It changes neither
 * bytes, keys nor attributes, and declares what the provider below declares. It is the innermost
 * layer: retry, cache and the rest go over it.
 * Errors: those of the script; `unavailable` at the failure rate; `quota-exceeded` above the quota;
 * `invalid-argument` for options that make no sense.
 */
export function withMock(provider: StorageProvider, options: MockOptions = {}): MockProvider {
  const gate = mockGate(options);
  const mocked = mockFactory(gate, options).provider(provider, {});
  return Object.assign(mocked, { mock: gate.control });
}

function create<Items extends ItemTypes>(
  options: CreateMockOptions = {},
  engine: EngineOptions = {},
): MockStorage<Items> {
  const gate = mockGate(options);
  const { now } = gate.control.clock;
  const storage = mockFactory(gate, options)(
    { underlying: options.underlying ?? createMemory.provider({ now }) },
    { now, ...engine },
  );
  return Object.assign(storage as StorageEngine<Items>, gate.control);
}

function mockFactory(gate: MockGate, options: MockOptions): LayerFactory<object> {
  return defineLayer({ name: 'mock', layer: (below) => mockLayer(below, gate, options) });
}

/**
 * A storage for tests, in memory unless `underlying` says otherwise, with delays, faults and a
 * quota: `createMock({ latency: 100, failureRate: 0.1, quotaLimit: 1_000_000 })`. Besides what
 * every storage has, it has `fail`, `calls`, `reset` and `clock`.
 * Errors: as {@link withMock}.
 */
export const createMock: MockFactory = /* @__PURE__ */ Object.assign(create, {
  provider: withMock,
});
