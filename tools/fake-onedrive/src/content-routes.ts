import { randomUUID } from 'node:crypto';
import type { Drive, Item, ItemVersion } from './drive-state.ts';
import { eTagOf } from './item-json.ts';
import { refuse } from './refusal.ts';
import type { FakeAnswer, FakeRequest } from './request.ts';

/** "This URL is only available for a short period of time (1 hour)": resources/driveitem. */
const LIFETIME_MS = 60 * 60 * 1000;

/** Addresses that give content to whoever has them. */
export interface Downloads {
  urlOf(drive: Drive, item: Item, origin: string, version?: ItemVersion): string;
  answer(request: FakeRequest, ignoresRange: boolean): FakeAnswer;
}

interface OpenAddress {
  readonly drive: Drive;
  readonly id: string;
  readonly version: ItemVersion | undefined;
  readonly expiresAt: number;
}

export function makeDownloads(nowMs: () => number, tellsEtag: boolean): Downloads {
  const open = new Map<string, OpenAddress>();
  return {
    urlOf(drive, { id }, origin, version) {
      const secret = randomUUID();
      open.set(secret, { drive, id, version, expiresAt: nowMs() + LIFETIME_MS });
      return `${contentOrigin(origin)}/dl/${secret}?tempauth=${randomUUID()}`;
    },
    // https://learn.microsoft.com/graph/api/driveitem-get-content, read 2026-11-21
    answer({ method, path, headers }, ignoresRange) {
      if (headers['authorization'] !== undefined) throw refuse.preauthenticated();
      if (method !== 'GET') throw refuse.method();
      const found = open.get(path.slice('/dl/'.length));
      if (found === undefined || found.expiresAt <= nowMs()) throw refuse.preauthenticated();
      const item = found.drive.item(found.id);
      if (item?.content === undefined) throw refuse.noItem();
      const { content, mimeType } = found.version ?? { ...item, content: item.content };
      const shared = {
        'content-type': mimeType,
        'accept-ranges': 'bytes',
        ...(tellsEtag && found.version === undefined && { etag: eTagOf(item) }),
      };
      const range = headers['range'];
      if (range === undefined || ignoresRange) {
        return { status: 200, headers: shared, body: content };
      }
      const part = partOf(range, content.length);
      return {
        status: 206,
        headers: {
          ...shared,
          'content-range': `bytes ${part.start}-${part.end - 1}/${content.length}`,
        },
        body: content.subarray(part.start, part.end),
      };
    },
  };
}

/** Content is under another host than the Graph, so that clients drop their token on the way there. */
export function contentOrigin(origin: string): string {
  return origin.replace('//127.0.0.1', '//localhost');
}

function partOf(range: string, size: number): { start: number; end: number } {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (from === '' && to === '') throw refuse.request('The range is no range.');
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
  if (start >= size || start >= end) throw refuse.range('The range is not satisfiable.');
  return { start, end };
}
