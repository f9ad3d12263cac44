import type {
  StandardSchemaV1,
  StorageEngine,
  StorageProvider,
} from '@granary/storage-core/provider';
import { createMock, type MockStorage } from '../src/mock.ts';
import { type ContentScanner, createValidated, type ValidateOptions } from '../src/validate.ts';

/** The start of a picture. */
export const PNG: Uint8Array = Uint8Array.from([
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52],
  ...[0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 10],
  ...[0x49, 0x44, 0x41, 0x54, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]);
/** What the scanner looks for. */
export const EVIL = 'EVIL';

/** Finds the word EVIL, wherever chunks end. Counts its scans. */
export function wordScanner(): ContentScanner & { scans: number; ended: number } {
  const scanner = {
    scans: 0,
    ended: 0,
    async scan(content: ReadableStream<Uint8Array>) {
      scanner.scans += 1;
      try {
        const text = await new Response(content).text();
        return text.includes(EVIL)
          ? ({ verdict: 'infected', signature: 'Word.Evil' } as const)
          : ({ verdict: 'clean' } as const);
      } finally {
        scanner.ended += 1;
      }
    },
  };
  return scanner;
}

/** Content that comes in small pieces, of a length that nobody tells. */
export async function* pieces(text: string, size = 3): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.byteLength; from += size) yield bytes.subarray(from, from + size);
}

/** The same chunk again and again. */
export async function* repeated(chunk: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  // A source may use its buffer again.
  const buffer = new Uint8Array(chunk.byteLength);
  for (let time = 0; time < times; time += 1) {
    buffer.set(chunk);
    yield buffer;
    buffer.fill(0);
  }
}

/** An operation that is there. */
export function own<Operation>(operation: Operation | undefined): Operation {
  if (operation === undefined) throw new Error('the operation is missing');
  return operation;
}

/** What {@link setup} makes. */
export interface Setup {
  readonly mock: MockStorage;
  readonly storage: StorageEngine;
}

/** A storage with rules over a mock in memory. */
export function setup(options: ValidateOptions): Setup {
  const mock = createMock();
  return { mock, storage: createValidated({ underlying: mock, ...options }) };
}

/** Takes objects that have `n`. */
export const numbers: StandardSchemaV1 = {
  '~standard': {
    version: 1,
    vendor: 'test',
    async validate(value) {
      if (typeof value === 'object' && value !== null && 'n' in value) return { value };
      return { issues: [{ message: 'no n', path: ['n'] }, { message: 'no root' }] };
    },
  },
};

/** The provider without a capability. */
export function without(inner: StorageProvider, name: string): StorageProvider {
  const capabilities = Object.fromEntries(
    Object.entries(inner.capabilities).filter(([each]) => each !== name),
  );
  const { putMany, getMany, copy, move, setMetadata, versions, upload, uploads } = inner;
  const outer = {
    specVersion: 1,
    name: inner.name,
    capabilities: Object.fromEntries(
      Object.entries(capabilities).filter(
        ([each]) =>
          !/^(?:candidates|statMany|deleteMany|presign|publicUrl|objectTags|watch|changes|usage|health)$/.test(
            each,
          ),
      ),
    ),
    get: inner.get.bind(inner),
    put: inner.put.bind(inner),
    stat: inner.stat.bind(inner),
    delete: inner.delete.bind(inner),
    list: inner.list.bind(inner),
    ...{ putMany, getMany, copy, move, setMetadata, upload, uploads },
    ...(versions && { versions }),
    close: async () => inner.close?.(),
  };
  return outer as StorageProvider;
}
