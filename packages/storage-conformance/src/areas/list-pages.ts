import type { ListOptions } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, present } from '../check.ts';
import { byUtf8, collect, forEach } from '../content.ts';
import { operations } from '../open-context.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

/** Walks in steps of `limit`, each from the cursor of the one before; `between` runs between steps. */
export async function walkInSteps(
  { provider }: Pick<ScenarioContext, 'provider'>,
  options: ListOptions,
  limit: number,
  between: (seen: readonly string[]) => Promise<unknown> = async () => {},
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const pages = await collect(
      provider.list({ ...options, limit, ...(cursor !== undefined && { cursor }) }),
    );
    for (const page of pages) seen.push(...page.entries.map(({ key }) => key));
    const next = pages.at(-1)?.cursor;
    ensure(next === undefined || next !== cursor, 'the cursor should move on');
    cursor =
      next === undefined
        ? undefined
        : (JSON.parse(JSON.stringify({ next })) as { next: string }).next;
    if (cursor !== undefined) await between(seen);
  } while (cursor !== undefined);
  return seen;
}

const KEYS = ['a', 'b/1', 'b/2', 'b/3', 'b-1', 'c', 'd/e/f', 'd/e/g', 'é', '文/1', '😀'];

export const listPageScenarios: readonly Scenario[] = [
  {
    rule: 'LIST-7',
    title: 'goes on from a cursor that went through JSON, repeating and leaving out nothing',
    async run(context) {
      await context.fill(KEYS);
      for (const limit of [1, 2, 3, 5, 11]) {
        equal(
          (await walkInSteps(context, {}, limit)).toSorted(),
          KEYS.toSorted(),
          `keys in steps of ${limit}`,
        );
        equal(
          (await walkInSteps(context, { prefix: 'b' }, limit)).toSorted(),
          ['b-1', 'b/1', 'b/2', 'b/3'],
          `keys with a prefix in steps of ${limit}`,
        );
      }
    },
  },
  {
    rule: 'LIST-7',
    title: 'keeps its order over steps',
    needs: ['listOrder=utf8'],
    async run(context) {
      await context.fill(KEYS);
      for (const limit of [1, 2, 4]) {
        equal(
          await walkInSteps(context, {}, limit),
          KEYS.toSorted(byUtf8),
          `order in steps of ${limit}`,
        );
      }
    },
  },
  {
    rule: 'LIST-7',
    title: 'goes on from the cursor of every page of one walk',
    slow: true,
    async run({ fill, pages, keys }) {
      const all = Array.from({ length: 1101 }, (_, index) => `p/${String(index).padStart(5, '0')}`);
      await fill(all);
      const walked = await pages();
      let passed = 0;
      for (const page of walked) {
        passed += page.entries.length;
        if (page.cursor === undefined) continue;
        equal(
          (await keys({ cursor: page.cursor })).length,
          all.length - passed,
          'entries after a page',
        );
      }
      equal(passed, all.length, 'entries of all pages');
    },
  },
  {
    rule: 'LIST-7',
    title: 'goes on from its cursor in another provider over the store',
    needs: ['reopen'],
    async run(context) {
      await context.fill(KEYS);
      const [page] = (await context.pages({ limit: 4 })).slice(-1);
      const cursor = present(page?.cursor, 'cursor after four of eleven');
      const first = await context.keys({ limit: 4 });
      const other = operations(await context.reopen());
      const rest = await other.keys({ cursor });
      equal([...first, ...rest].toSorted(), KEYS.toSorted(), 'keys of both providers');
    },
  },
  {
    rule: 'LIST-7',
    title: 'skips nothing and repeats nothing when keys before the cursor come and go',
    async run(context) {
      const stays = Array.from(
        { length: 12 },
        (_, index) => `k/${String(index * 10).padStart(3, '0')}`,
      );
      await context.fill(stays);
      let turn = 0;
      const seen = await walkInSteps(context, {}, 3, async (soFar) => {
        turn += 1;
        await context.put(`j/${turn}`);
        if (turn > 1) await context.delete(`j/${turn - 1}`);
        const last = String(soFar.at(-1));
        await context.put(`${last}-after`);
        await context.delete(`${last}-after`);
      });
      const counted = stays.map((key) => seen.filter((other) => other === key).length);
      equal(
        counted,
        stays.map(() => 1),
        'how often each key that was there all along came',
      );
    },
  },
  {
    rule: 'LIST-7',
    title: 'goes on after its cursor when the keys of the page, the last one too, are deleted',
    async run(context) {
      const all = Array.from({ length: 10 }, (_, index) => `k${index}`);
      await context.fill(all);
      const seen = await walkInSteps(context, {}, 3, (soFar) =>
        forEach(soFar.slice(-3), 3, (key) => context.delete(key)),
      );
      equal(seen.toSorted(), all, 'keys of the walk');
    },
  },
  {
    rule: 'LIST-8',
    title: 'refuses the cursor of another query',
    async run({ fill, pages, keys, capabilities }) {
      await fill(KEYS);
      const last = async (options: ListOptions) =>
        present((await pages({ ...options, limit: 1 })).at(-1)?.cursor, 'cursor');
      const cursor = await last({});
      const refused = (options: ListOptions, what: string) =>
        failsWith('invalid-argument', keys(options), what);
      await refused({ cursor, prefix: 'b' }, 'a cursor with another prefix');
      await refused({ cursor: await last({ prefix: 'b' }) }, 'a cursor without its prefix');
      await refused(
        { cursor: await last({ prefix: 'b' }), prefix: 'b/' },
        'a cursor with a longer prefix',
      );
      if (capabilities.delimiter) {
        await refused({ cursor, delimiter: '/' }, 'a cursor with another delimiter');
        await refused({ cursor: await last({ delimiter: '/' }) }, 'a cursor without its delimiter');
      }
      if (capabilities.listOrder === 'utf8') {
        await refused({ cursor, startAfter: 'a' }, 'a cursor with another startAfter');
      }
      equal(
        (await keys({ cursor })).length,
        KEYS.length - 1,
        'entries after the cursor with its own query',
      );
      equal(
        (await keys({ cursor, limit: 2 })).length,
        2,
        'entries after the cursor with another limit',
      );
    },
  },
  {
    rule: 'LIST-8',
    title: 'refuses what is no cursor',
    async run({ fill, pages, keys }) {
      await fill(['a', 'b', 'c']);
      const cursor = present((await pages({ limit: 1 })).at(-1)?.cursor, 'cursor');
      const bad = [
        '',
        'a',
        'nonsense',
        'e30',
        '{}',
        'null',
        btoa('{"v":1}'),
        `${cursor}x`,
        cursor.slice(1),
        cursor.slice(0, -4),
        '\0',
        'é',
      ];
      for (const wrong of bad) {
        await failsWith(
          ['invalid-argument', 'cursor-expired'],
          keys({ cursor: wrong }),
          `the cursor ${JSON.stringify(wrong.slice(0, 20))}`,
        );
      }
    },
  },
  {
    rule: 'LIST-9',
    title: 'begins after a key, whether it is there or not',
    needs: ['listOrder=utf8'],
    async run({ fill, keys }) {
      const all = KEYS.toSorted(byUtf8);
      await fill(all);
      const starts = [
        ...all,
        '',
        'a0',
        'b',
        'b/',
        'b/2x',
        'b/9',
        'd/e',
        'd/e/',
        'zzz',
        '\u{10ffff}',
        'A',
        '1',
      ];
      for (const startAfter of starts) {
        const wanted = all.filter((key) => byUtf8(key, startAfter) > 0);
        equal(await keys({ startAfter }), wanted, `keys after ${JSON.stringify(startAfter)}`);
        const inside = wanted.filter((key) => key.startsWith('b'));
        equal(
          await keys({ startAfter, prefix: 'b' }),
          inside,
          `keys with b after ${JSON.stringify(startAfter)}`,
        );
      }
    },
  },
  {
    rule: 'LIST-9',
    title: 'keeps to its start over steps',
    needs: ['listOrder=utf8'],
    async run(context) {
      const all = KEYS.toSorted(byUtf8);
      await context.fill(all);
      const wanted = all.filter((key) => byUtf8(key, 'b/1') > 0);
      for (const limit of [1, 2, 3]) {
        equal(
          await walkInSteps(context, { startAfter: 'b/1' }, limit),
          wanted,
          `keys after b/1 in steps of ${limit}`,
        );
      }
      ensure(wanted.length > 5, 'several steps');
    },
  },
];
