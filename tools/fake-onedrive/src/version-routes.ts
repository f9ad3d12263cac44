import type { Downloads } from './content-routes.ts';
import type { Drive, Item, ItemVersion } from './drive-state.ts';
import { refuse } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, onlyQuery } from './request.ts';

interface Surroundings {
  readonly downloads: Downloads;
  readonly tellsVersionUrls: boolean;
}

/**
 * Versions of a file; `rest`: what comes after `versions`.
 * https://learn.microsoft.com/graph/api/driveitem-list-versions, read 2026-11-21: newest first.
 */
export function answerVersion(
  drive: Drive,
  item: Item,
  rest: string,
  request: FakeRequest,
  { downloads, tellsVersionUrls }: Surroundings,
): FakeAnswer {
  onlyQuery(request, []);
  if (item.content === undefined) throw refuse.request('A folder has no versions.');
  const all = drive.versions(item.id);
  const json = (version: ItemVersion) => ({
    // https://learn.microsoft.com/graph/api/resources/driveitemversion, read 2026-11-21
    ...(tellsVersionUrls &&
      version !== all[0] && {
        '@microsoft.graph.downloadUrl': downloads.urlOf(drive, item, request.origin, version),
      }),
    id: version.id,
    lastModifiedDateTime: version.modifiedAt.toISOString(),
    size: version.content.length,
  });
  const [, id = '', action = ''] = rest.split('/');
  if (id === '') {
    if (request.method !== 'GET') throw refuse.method();
    return { status: 200, body: { value: all.map(json) } };
  }
  const version = all.find((one) => one.id === id);
  if (version === undefined) throw refuse.noItem();
  switch (`${request.method} ${action}`) {
    case 'GET ':
      return { status: 200, body: json(version) };
    // "Getting the content of the current version is not supported": driveitemversion-get-contents.
    case 'GET content':
      if (version === all[0]) throw refuse.request('The current version has no content here.');
      return {
        status: 302,
        headers: { location: downloads.urlOf(drive, item, request.origin, version) },
      };
    // https://learn.microsoft.com/graph/api/driveitemversion-restore, read 2026-11-21
    case 'POST restoreVersion':
      drive.restore(item, version);
      return { status: 204 };
    // Only the description tells of it. "Onedrive personal can't currently delete versions":
    // https://rclone.org/onedrive/#onedrive-no-versions, read 2026-11-21
    case 'DELETE ':
      if (drive.driveType === 'personal') throw refuse.notSupported();
      if (version === all[0]) throw refuse.request('The current version cannot be deleted.');
      drive.removeVersion(item, version);
      return { status: 204 };
    default:
      throw refuse.method();
  }
}
