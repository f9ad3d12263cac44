import type { Drive, Item } from './drive-state.ts';
import { itemJson, selected, selectedFields } from './item-json.ts';
import { refuse } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, onlyQuery } from './request.ts';

const PAGE = 200;

/**
 * Changes of the whole drive. https://learn.microsoft.com/graph/api/driveitem-delta, read 2026-11-21:
 * parents come without their path, and a work or school account leaves out cTag, and of what was
 * deleted the name.
 */
export function deltaPage(drive: Drive, request: FakeRequest): FakeAnswer {
  onlyQuery(request, ['token', '$select', '$top']);
  const fields = selectedFields(request);
  const token = request.query.get('token');
  const size = Number(request.query.get('$top') ?? PAGE);
  const address = (place: string) => {
    const next = new URL(request.path, request.origin);
    for (const [name, value] of request.query) {
      if (name !== 'token') next.searchParams.set(name, value);
    }
    next.searchParams.set('token', place);
    return next.href;
  };
  if (token === 'latest') {
    return {
      status: 200,
      body: { value: [], '@odata.deltaLink': address(placeAt(drive, drive.lastChange())) },
    };
  }
  const after = token === null ? 0 : placeOf(drive, token);
  if (after < drive.oldestChange && token !== null) throw refuse.resync(address(''));
  const found = drive.changes(after);
  const page = found.slice(0, size);
  const last = page.at(-1)?.changed ?? after;
  const isPersonal = drive.driveType === 'personal';
  const tellsParents = request.headers['deltaexcludeparent'] === undefined;
  const value = (tellsParents ? withParents(drive, page) : page)
    .filter(({ isDeleted }) => token !== null || !isDeleted)
    .map((item) => {
      const {
        parentReference,
        name,
        cTag,
        size: bytes,
        ...rest
      } = itemJson(drive, item, () => `${request.origin}/dl/none`);
      const { path: _path, ...parent } = parentReference as Record<string, unknown>;
      const { isDeleted } = item;
      return selected(
        {
          ...rest,
          parentReference: parent,
          ...((isPersonal || !isDeleted) && { name }),
          ...(isPersonal && !isDeleted && cTag !== undefined && { cTag }),
          ...(!isDeleted && { size: bytes }),
          ...(isDeleted && { deleted: { state: 'deleted' } }),
        },
        fields && new Set([...fields, 'deleted']),
      );
    });
  const link = found.length > size ? '@odata.nextLink' : '@odata.deltaLink';
  return { status: 200, body: { value, [link]: address(placeAt(drive, last)) } };
}

/** "The response includes the items that changed, and not the parent items": deltaExcludeParent. */
function withParents(drive: Drive, page: readonly Item[]): readonly Item[] {
  const all = new Set<Item>();
  for (const item of page) {
    for (let up = drive.item(item.parentId ?? ''); up; up = drive.item(up.parentId ?? ''))
      all.add(up);
  }
  return [...all, ...page.filter((item) => !all.has(item))];
}

function placeAt({ id }: Drive, change: number): string {
  return Buffer.from(`${id}#${change}`).toString('base64url');
}

function placeOf({ id }: Drive, token: string): number {
  const [owner, change = ''] = Buffer.from(token, 'base64url').toString().split('#');
  if (owner !== id || !/^\d+$/.test(change)) throw refuse.request('The token is invalid.');
  return Number(change);
}
