import fc from 'fast-check';

/** Which etag a condition names. */
export type EtagChoice = 'current' | 'stale' | 'wrong';

/** One random operation, as plain data, so that a failure can be read. */
export type Operation =
  | {
      readonly do: 'put';
      readonly key: string;
      readonly size: number;
      readonly fill: number;
      readonly n?: number;
    }
  | { readonly do: 'create'; readonly key: string; readonly size: number }
  | {
      readonly do: 'replace';
      readonly key: string;
      readonly etag: EtagChoice;
      readonly size: number;
    }
  | { readonly do: 'get' | 'stat' | 'delete'; readonly key: string }
  | {
      readonly do: 'getRange';
      readonly key: string;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly do: 'deleteIf'; readonly key: string; readonly etag: EtagChoice }
  | { readonly do: 'setMetadata'; readonly key: string; readonly n: number | null }
  | {
      readonly do: 'copy' | 'move';
      readonly from: string;
      readonly to: string;
      readonly create: boolean;
    }
  | {
      readonly do: 'list';
      readonly prefix: string;
      readonly delimiter: boolean;
      readonly step: number;
    }
  | { readonly do: 'putMany'; readonly keys: readonly string[]; readonly size: number }
  | { readonly do: 'deleteMany'; readonly keys: readonly string[] };

/** Few keys, so that operations meet; close to each other, so that mix-ups show. */
const KEYS: readonly string[] = [
  ...['a', 'a/b', 'a/b/c', 'a/c', 'ab', 'a-b', 'a.b', 'b/a', 'B', 'é', 'e\u0301', '%41', 'x y/ z'],
];

const PREFIXES: readonly string[] = ['', 'a', 'a/', 'a/b', 'b', 'b/', 'é', 'x', 'nothing'];

const key = fc.constantFrom(...KEYS);
const size = fc.oneof(fc.constantFrom(0, 1, 2, 300), fc.nat({ max: 5000 }));
const etag = fc.constantFrom<EtagChoice>('current', 'stale', 'wrong');
const keys = fc.array(key, { maxLength: 4 });

/** A random operation; simpler ones come first when a failure is shrunk. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        do: fc.constant('put' as const),
        key,
        size,
        fill: fc.nat({ max: 255 }),
        n: fc.nat({ max: 9 }),
      },
      { requiredKeys: ['do', 'key', 'size', 'fill'] },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('get' as const, 'stat' as const, 'delete' as const),
      key,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create' as const), key, size }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace' as const), key, etag, size }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('getRange' as const),
      key,
      offset: fc.nat({ max: 400 }),
      length: fc.integer({ min: 1, max: 400 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteIf' as const), key, etag }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('setMetadata' as const),
      key,
      n: fc.option(fc.nat({ max: 9 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('copy' as const, 'move' as const),
      from: key,
      to: key,
      create: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('list' as const),
      prefix: fc.constantFrom(...PREFIXES),
      delimiter: fc.boolean(),
      step: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('putMany' as const), keys, size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteMany' as const), keys }) },
);
