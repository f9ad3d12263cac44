import type { FakeChange } from './drive-state.ts';
import { type KnownFields, selectFields } from './fields.ts';
import { FILE_ANSWER, resourceOf } from './file-routes.ts';
import { refusal, refuse } from './refusal.ts';
import { type Answer, type Call, count, flag, json } from './request.ts';

const LIST_ANSWER: KnownFields = {
  kind: true,
  nextPageToken: true,
  newStartPageToken: true,
  changes: {
    kind: true,
    changeType: true,
    time: true,
    removed: true,
    fileId: true,
    driveId: true,
    file: FILE_ANSWER,
  },
};
const DEFAULT_FIELDS =
  'kind,nextPageToken,newStartPageToken,changes(kind,changeType,time,removed,fileId,file(kind,id,name,mimeType))';

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/changes/getStartPageToken */
export function startPageToken(call: Call): Answer {
  checkDrive(call);
  return json({
    kind: 'drive#startPageToken',
    startPageToken: String(call.state.changes.length + 1),
  });
}

/** A file stands once, where it changed last. https://developers.google.com/workspace/drive/api/guides/manage-changes */
export function listChanges(call: Call): Answer {
  const { state, query } = call;
  checkDrive(call);
  const token = query.get('pageToken');
  if (token === null) throw refuse.badRequest('Required parameter: pageToken');
  const start = Number(token);
  if (!/^[1-9]\d*$/.test(token) || start > state.changes.length + 1) {
    throw refuse.invalid('Invalid Value', 'pageToken');
  }
  const size = count(call, 'pageSize', 100, 1000);
  const last = new Map<string, FakeChange>();
  for (const change of state.changes) {
    last.delete(change.fileId);
    last.set(change.fileId, change);
  }
  const found = [...last.values()].filter(
    (change) => change.number >= start && isWanted(call, change),
  );
  const page = found.slice(0, size);
  const next = found[size];
  const value = {
    kind: 'drive#changeList',
    ...(next === undefined
      ? { newStartPageToken: String(state.changes.length + 1) }
      : { nextPageToken: String(next.number) }),
    changes: page.map((change) => {
      const isRemoved = !state.files.has(change.fileId);
      return {
        kind: 'drive#change',
        changeType: 'file',
        time: change.time,
        removed: isRemoved,
        fileId: change.fileId,
        ...(!isRemoved && { file: resourceOf(call, change.file) }),
      };
    }),
  };
  return json(selectFields(value, query.get('fields') ?? DEFAULT_FIELDS, LIST_ANSWER));
}

function isWanted(call: Call, { file }: FakeChange): boolean {
  const { state, who, query } = call;
  const spaces = (query.get('spaces') ?? 'drive').split(',');
  const driveId = query.get('driveId');
  if (!spaces.includes(file.space) || !state.isVisible(file, who)) return false;
  return driveId === null ? file.driveId === undefined : file.driveId === driveId;
}

function checkDrive(call: Call): void {
  const driveId = call.query.get('driveId');
  if (driveId === null) return;
  if (!flag(call, 'supportsAllDrives')) {
    throw refuse.badRequest('supportsAllDrives must be true for a shared drive.');
  }
  if (!call.state.drives.has(driveId)) {
    throw refusal(404, 'notFound', `Shared drive not found: ${driveId}`, { location: 'driveId' });
  }
}
