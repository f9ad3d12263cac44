import { ResponseType } from '@microsoft/microsoft-graph-client';
import type { DriveSite } from './drive-site.ts';
import type { DriveStore } from './drive-store.ts';
import { forEach } from './for-each.ts';
import { graphClient } from './graph-client.ts';

/** Graph's own limit of a page. Units: items. */
const PAGE = 1000;
interface Item {
  readonly name: string;
  readonly size: number;
  readonly file?: object;
}

interface Page {
  readonly value: readonly Item[];
  readonly '@odata.nextLink'?: string;
}

/** What a careful user of microsoft-graph-client writes: items by their path. */
export function openRawOneDrive(site: DriveSite): DriveStore {
  const client = graphClient(site);
  const at = (key: string, below = '') => client.api(`/me/drive/root:/${key}:${below}`);

  async function content(key: string, range?: string): Promise<Uint8Array> {
    const request = at(key, '/content').responseType(ResponseType.ARRAYBUFFER);
    if (range !== undefined) request.header('range', range);
    return new Uint8Array((await request.get()) as ArrayBuffer);
  }

  return {
    async put(key, bytes) {
      // One request takes 250 MB: https://learn.microsoft.com/graph/api/driveitem-put-content, read 2026-11-21.
      await at(key, '/content').header('content-type', 'application/octet-stream').put(bytes);
    },
    get: async (key) => ({ bytes: await content(key) }),
    range: (key, offset, length) => content(key, `bytes=${offset}-${offset + length - 1}`),
    async stat(key) {
      return { size: ((await at(key).get()) as Item).size };
    },
    async list(folder) {
      const names: string[] = [];
      let page = (await at(folder, '/children').top(PAGE).get()) as Page;
      for (;;) {
        names.push(...page.value.filter(({ file }) => file).map(({ name }) => name));
        const next = page['@odata.nextLink'];
        if (next === undefined) return names;
        page = (await client.api(next).get()) as Page;
      }
    },
    deleteMany: (keys) => forEach(keys, (key) => at(key).delete()),
  };
}
