import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drive, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { openStore, type StoreSubject } from '../harness/subject.ts';
import { defineWorkload, type Scale, type Workload } from '../harness/workload.ts';
import { checkListing } from './store-checks.ts';

/** How many objects are listed, and in how many folders they lie. */
export interface ListSettings {
  readonly name: string;
  readonly title: string;
  readonly folders: Readonly<Record<Scale, number>>;
  readonly perFolder: Readonly<Record<Scale, number>>;
}

const FIRST_PAGE = 1000;
const CONTENT = 'an object of a listing\n';
/** Each kind of subject has files of its own, so that nobody's bookkeeping shows in another's listing. */
const KINDS = ['raw', 'granary', 'peer'] as const;

/** Lists everything, the first page, and the top-level folders of many small files. */
export function fsList(settings: ListSettings, subjects: readonly StoreSubject[]): Workload {
  const { name, title, folders, perFolder } = settings;
  const folderNames = (scale: Scale) =>
    Array.from(
      { length: folders[scale] },
      (_, index) => `folder-${String(index).padStart(4, '0')}`,
    );
  const fileNames = (scale: Scale) =>
    Array.from(
      { length: perFolder[scale] },
      (_, index) => `object-${String(index).padStart(6, '0')}.bin`,
    );

  return defineWorkload<StoreSubject>({
    name,
    title,
    about:
      `${folders.full * perFolder.full} small files in ${folders.full} folders. ` +
      '`stats`: every entry comes with its size and time, as the bare walk takes them; `keys`: names only. ' +
      `The first page has ${FIRST_PAGE} entries. Folders are what a listing with the delimiter "/" groups at the top.`,
    metrics: {
      full: { title: 'everything', unit: 'keys/s', better: 'higher' },
      firstPage: { title: 'first page', unit: 'ms', better: 'lower' },
      firstPageShare: { title: 'first page, share of everything', unit: 'x', better: 'lower' },
      folders: { title: 'top-level folders', unit: 'ms', better: 'lower' },
    },
    subjects: subjects.filter(({ can }) => can.includes('list')),
    groupOf: ({ listing = 'keys' }) => listing,
    async prepare({ shared, scale }) {
      for (const kind of KINDS) {
        for (const folder of folderNames(scale)) {
          const path = join(shared, kind, folder);
          await mkdir(path, { recursive: true });
          const files = fileNames(scale);
          await drive(files.length, 16, (index) =>
            writeFile(join(path, pick(files, index)), CONTENT),
          );
        }
      }
    },
    async start(subject, { shared, scale }) {
      const store = await openStore(subject, join(shared, subject.kind));
      const names = folderNames(scale);
      const expected = names.flatMap((folder) =>
        fileNames(scale).map((file) => `${folder}/${file}`),
      );
      const page = Math.min(FIRST_PAGE, expected.length);
      const timed = (task: () => Promise<unknown>) => drive(1, 1, task);
      const { list, listFolders, firstPage } = store;
      assert.ok(list, `${subject.id} cannot list`);

      return {
        async verify() {
          await checkListing(store, expected);
          if (firstPage) assert.equal(await firstPage(page), page, 'the first page is not full');
          if (listFolders) {
            const found = (await listFolders()).map((folder) => folder.replace(/\/$/, ''));
            assert.deepEqual([...found].sort(), names, 'the top-level folders differ');
          }
        },
        async run() {
          let count = 0;
          const fullMs = await timed(() =>
            list(() => {
              count++;
            }),
          );
          assert.equal(count, expected.length);
          const pageMs = firstPage && (await timed(() => firstPage(page)));
          return {
            full: perSecond(count, fullMs),
            ...(pageMs !== undefined && { firstPage: pageMs, firstPageShare: pageMs / fullMs }),
            ...(listFolders && { folders: await timed(() => listFolders()) }),
          };
        },
        close: async () => store.close?.(),
      };
    },
  });
}
