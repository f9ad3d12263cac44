import type { CandidateQuery, ListEntry, ListItem } from '@granary/storage-core/provider';
import { equal, present } from '../check.ts';
import { byUtf8 } from '../content.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const NEEDS = ['candidates', 'attributes'] as const;

/** Objects that queries tell apart, put in an order that is not that of their keys. */
const OBJECTS: readonly (readonly [
  key: string,
  sizeBytes: number,
  attributes: {
    readonly tags?: readonly string[];
    readonly contentType?: string;
    readonly metadata?: Readonly<Record<string, number | string | null>>;
  },
])[] = [
  ['p/\u{1f600}', 40, { tags: ['a'], metadata: { stars: 5 } }],
  ['p/b', 30, { tags: ['a', 'b'], contentType: 'image/png', metadata: { stars: 3 } }],
  ['p/\uffee', 20, { tags: ['b', 'A'], contentType: 'image/jpeg', metadata: { stars: '3' } }],
  ['p/a', 10, { metadata: { stars: null } }],
  ['q', 50, { tags: ['a'], contentType: 'text/plain' }],
];

/** Queries, each with the keys of the objects that it matches. */
const QUERIES: readonly (readonly [query: CandidateQuery, keys: readonly string[]])[] = [
  [{ tags: ['a'] }, ['p/b', 'p/\u{1f600}', 'q']],
  [{ tags: ['a'], prefix: 'p/' }, ['p/b', 'p/\u{1f600}']],
  [{ tags: ['a', 'b'] }, ['p/b']],
  [{ tags: ['A'] }, ['p/\uffee']],
  [{ tags: ['none'] }, []],
  [{ anyTags: ['b', 'A'] }, ['p/b', 'p/\uffee']],
  [{ tags: ['a'], startAfter: 'p/b' }, ['p/\u{1f600}', 'q']],
  [{ contentType: 'image/png' }, ['p/b']],
  [{ contentType: 'image/*' }, ['p/b', 'p/\uffee']],
  [{ size: { min: 20, max: 40 } }, ['p/b', 'p/\uffee', 'p/\u{1f600}']],
  [{ metadata: { stars: 3 } }, ['p/b']],
  [{ metadata: { stars: '3' } }, ['p/\uffee']],
  [{ metadata: { stars: { gte: 3 } } }, ['p/b', 'p/\u{1f600}']],
  [{ metadata: { stars: null } }, ['p/a']],
  [{ metadata: { stars: { exists: false } } }, ['q']],
  [{ metadata: { stars: { ne: 3 } } }, ['p/a', 'p/\uffee', 'p/\u{1f600}', 'q']],
  [{ modifiedAt: { after: new Date(0) }, prefix: 'q' }, ['q']],
  [{ createdAt: { before: new Date(8e12) }, prefix: 'q' }, ['q']],
];

async function fill({ put }: ScenarioContext): Promise<void> {
  for (const [key, sizeBytes, attributes] of OBJECTS) {
    await put(key, new Uint8Array(sizeBytes), attributes);
  }
}

async function find(
  { provider }: ScenarioContext,
  query: CandidateQuery,
): Promise<readonly ListEntry[]> {
  const entries: ListEntry[] = [];
  const candidates = present(provider.candidates, 'candidates');
  for await (const page of candidates(query, {})) entries.push(...page.entries);
  return entries;
}

export const candidateScenarios: readonly Scenario[] = [
  {
    rule: 'CAND-1',
    title: 'yields all that a query matches',
    needs: NEEDS,
    async run(context) {
      await fill(context);
      for (const [query, keys] of QUERIES) {
        const found = (await find(context, query)).map(({ key }) => key);
        const missing = keys.filter((key) => !found.includes(key));
        equal(missing, [], `what is missing for ${JSON.stringify(query)}`);
      }
    },
  },
  {
    rule: 'CAND-1',
    title: 'follows every change of an object',
    needs: [...NEEDS, 'setMetadata'],
    async run(context) {
      const { put, provider, delete: remove } = context;
      const keysOf = async (tag: string) => {
        const entries = await find(context, { tags: [tag] });
        return entries
          .filter((entry) => (entry as ListItem).tags?.includes(tag))
          .map(({ key }) => key);
      };
      await put('a', 'x', { tags: ['old'] });
      await put('b', 'x', { tags: ['old'] });
      await put('a', 'y', { tags: ['new'] });
      equal(await keysOf('old'), ['b'], 'with the tag of before, after a put');
      await provider.setMetadata?.('b', { tags: ['new'] }, {});
      equal(await keysOf('new'), ['a', 'b'], 'with the new tag, after setMetadata');
      equal(await keysOf('old'), [], 'with the tag of before, after setMetadata');
      await remove('a');
      equal(await keysOf('new'), ['b'], 'with the new tag, after a delete');
    },
  },
  {
    rule: 'CAND-2',
    title: 'tells of each all that stat tells, once, in the order of listings',
    needs: NEEDS,
    async run(context) {
      const { provider, capabilities } = context;
      await fill(context);
      for (const [query] of QUERIES) {
        const what = JSON.stringify(query);
        const entries = await find(context, query);
        const keys = entries.map(({ key }) => key);
        equal([...new Set(keys)].length, keys.length, `keys told once for ${what}`);
        if (capabilities.listOrder === 'utf8') {
          equal(keys, keys.toSorted(byUtf8), `the order for ${what}`);
        }
        for (const entry of entries) {
          const { kind, ...info } = entry as ListItem;
          equal(kind, 'item', 'kind of an entry');
          equal(info, { ...(await provider.stat(entry.key, {})) }, `${entry.key} for ${what}`);
        }
      }
    },
  },
  {
    rule: 'CAND-2',
    title: 'keeps to the prefix and what comes after a key',
    needs: [...NEEDS, 'listOrder=utf8'],
    async run(context) {
      await fill(context);
      const query: CandidateQuery = { tags: ['a'], prefix: 'p/', startAfter: 'p/b' };
      const keys = (await find(context, query)).map(({ key }) => key);
      const outside = keys.filter((key) => !key.startsWith('p/') || byUtf8(key, 'p/b') <= 0);
      equal(outside, [], 'keys outside of what was asked for');
    },
  },
];
