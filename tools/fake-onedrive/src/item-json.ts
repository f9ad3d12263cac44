import { type Drive, hashesOf, type Item } from './drive-state.ts';
import { refuse } from './refusal.ts';
import { type FakeRequest, fieldsOf, onlyQuery } from './request.ts';

/** What a driveItem has. https://learn.microsoft.com/graph/api/resources/driveitem, read 2026-11-21 */
export const ITEM_FIELDS: readonly string[] = [
  '@microsoft.graph.downloadUrl',
  'cTag',
  'createdDateTime',
  'deleted',
  'description',
  'eTag',
  'file',
  'fileSystemInfo',
  'folder',
  'id',
  'lastModifiedDateTime',
  'name',
  'parentReference',
  'root',
  'size',
  'webUrl',
];

/** The service knows the address of the content by either name. */
const SELECTED_AS: Readonly<Record<string, string>> = {
  'content.downloadUrl': '@microsoft.graph.downloadUrl',
};

/** Fields that `$select` names; `undefined` for all. */
export function selectedFields(request: FakeRequest): ReadonlySet<string> | undefined {
  const select = request.query.get('$select');
  if (select === null) return undefined;
  const names = select.split(',').map((name) => SELECTED_AS[name] ?? name);
  for (const name of names) {
    if (!ITEM_FIELDS.includes(name)) throw refuse.request(`Could not find a property '${name}'.`);
  }
  return new Set(names);
}

/** The tag of the whole item, in the form that each kind of account has. */
export function eTagOf(item: Item): string {
  return `"{${item.id}},${item.eTag}"`;
}

/** The tag of the content. */
function cTagOf(item: Item): string {
  return `"c:{${item.id}},${item.cTag}"`;
}

/** A driveItem as it is answered. */
export function itemJson(
  drive: Drive,
  item: Item,
  downloadUrl: (item: Item) => string,
): Record<string, unknown> {
  const { id, name, content, parentId, mimeType } = item;
  const path = drive.pathOf(item).slice(0, -1).map(encodeURIComponent);
  const created = item.createdAt.toISOString();
  const modified = item.modifiedAt.toISOString();
  const isPersonal = drive.driveType === 'personal';
  return {
    '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#drives/$entity',
    ...(content && { '@microsoft.graph.downloadUrl': downloadUrl(item) }),
    createdDateTime: created,
    eTag: eTagOf(item),
    ...((content !== undefined || isPersonal) && { cTag: cTagOf(item) }),
    id,
    lastModifiedDateTime: modified,
    name,
    webUrl: `https://onedrive.example/${id}`,
    size: content?.length ?? 0,
    parentReference: {
      driveId: drive.id,
      driveType: drive.driveType,
      ...(parentId !== undefined && {
        id: parentId,
        path: `/drives/${drive.id}/root:${path.length === 0 ? '' : `/${path.join('/')}`}`,
      }),
    },
    ...(item.description !== undefined && { description: item.description }),
    fileSystemInfo: {
      createdDateTime: created,
      lastModifiedDateTime: modified,
      ...item.fileSystemInfo,
    },
    ...(content === undefined
      ? { folder: { childCount: drive.children(id).length } }
      : { file: { mimeType, hashes: hashesOf(content, drive.driveType) } }),
    ...(parentId === undefined && { root: {} }),
  };
}

const FILE_SYSTEM_FIELDS = ['createdDateTime', 'lastAccessedDateTime', 'lastModifiedDateTime'];

/**
 * What a client says of an item: "description: Only on OneDrive Personal".
 * https://learn.microsoft.com/graph/api/resources/driveitemuploadableproperties and
 * https://learn.microsoft.com/graph/api/resources/filesysteminfo, read 2026-11-21
 */
export function describedAs(
  { driveType }: Drive,
  { description, fileSystemInfo = {} }: Readonly<Record<string, unknown>>,
  before?: Item,
): Pick<Item, 'description' | 'fileSystemInfo'> {
  if (description !== undefined && (driveType !== 'personal' || typeof description !== 'string')) {
    throw refuse.request("The property 'description' cannot be set.");
  }
  const times = fieldsOf(fileSystemInfo, FILE_SYSTEM_FIELDS);
  for (const [name, time] of Object.entries(times)) {
    if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) {
      throw refuse.request(`The value of '${name}' is no date.`);
    }
  }
  return {
    description: description ?? before?.description,
    fileSystemInfo: { ...before?.fileSystemInfo, ...(times as Record<string, string>) },
  };
}

/** The part of a driveItem that was asked for. */
export function selected(
  json: Record<string, unknown>,
  fields: ReadonlySet<string> | undefined,
): Record<string, unknown> {
  if (fields === undefined) return json;
  const kept = Object.entries(json).filter(
    ([name]) => fields.has(name) || name.startsWith('@odata'),
  );
  return Object.fromEntries(kept);
}

/** Refuses a write of another item than the one that the header names by either tag. */
export function checkIfMatch(request: FakeRequest, item: Item | undefined): void {
  const wanted = request.headers['if-match'];
  if (wanted === undefined || (wanted === '*' && item !== undefined)) return;
  if (item !== undefined && (wanted === eTagOf(item) || wanted === cTagOf(item))) return;
  throw refuse.changed();
}

/** Query options of a request for one item. */
export function onlySelect(request: FakeRequest): void {
  onlyQuery(request, ['$select']);
}
