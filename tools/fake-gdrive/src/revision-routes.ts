import { REVISION_FIELDS } from './description.ts';
import { type KnownFields, known, selectFields } from './fields.ts';
import { type FakeFile, type FakeRevision, revisionResource } from './file-resource.ts';
import { contentAnswer } from './media.ts';
import { refusal, refuse } from './refusal.ts';
import { type Answer, type Call, count, json, jsonBody, variable } from './request.ts';

const REVISION_ANSWER: KnownFields = known(REVISION_FIELDS);
const LIST_ANSWER: KnownFields = { kind: true, nextPageToken: true, revisions: REVISION_ANSWER };
const DEFAULT_FIELDS = 'kind,id,mimeType,modifiedTime';

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions/list */
export function listRevisions(call: Call): Answer {
  const { revisions } = contentFile(call);
  const size = count(call, 'pageSize', 200, 1000);
  const start = Number(call.query.get('pageToken') ?? 0);
  if (!Number.isInteger(start)) throw refuse.invalid('Invalid Value', 'pageToken');
  const end = start + size;
  const value = {
    kind: 'drive#revisionList',
    ...(end < revisions.length && { nextPageToken: String(end) }),
    revisions: revisions.slice(start, end).map(revisionResource),
  };
  const fields = call.query.get('fields') ?? `kind,nextPageToken,revisions(${DEFAULT_FIELDS})`;
  return json(selectFields(value, fields, LIST_ANSWER));
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions/get */
export function getRevision(call: Call): Answer {
  const revision = revisionOf(call, contentFile(call));
  if (call.query.get('alt') === 'media') {
    return contentAnswer(call, revision.content, revision.mimeType);
  }
  const fields = call.query.get('fields') ?? DEFAULT_FIELDS;
  return json(selectFields(revisionResource(revision), fields, REVISION_ANSWER));
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions/update */
export function updateRevision(call: Call): Answer {
  const revision = revisionOf(call, contentFile(call));
  const { keepForever, ...others } = jsonBody(call.body.toString());
  if (Object.keys(others).length > 0 || typeof keepForever !== 'boolean') {
    throw refuse.badRequest('Only keepForever can be changed.');
  }
  revision.keepForever = keepForever;
  const fields = call.query.get('fields') ?? DEFAULT_FIELDS;
  return json(selectFields(revisionResource(revision), fields, REVISION_ANSWER));
}

/** "the last remaining file version can't be deleted". https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions/delete */
export function deleteRevision(call: Call): Answer {
  const file = contentFile(call);
  const revision = revisionOf(call, file);
  if (file.revisions.length === 1) {
    throw refusal(
      403,
      'revisionDeletionNotSupported',
      'You cannot delete the last remaining revision of a file.',
    );
  }
  file.revisions.splice(file.revisions.indexOf(revision), 1);
  call.state.touch(file);
  return { status: 204 };
}

function contentFile(call: Call): FakeFile {
  // Revisions are asked for without saying that shared drives are known.
  const file = call.state.find(variable(call, 'fileId'), call.who, true);
  if (file.revisions.length === 0) {
    throw refusal(403, 'revisionsNotSupported', 'The file does not support revisions.');
  }
  return file;
}

function revisionOf(call: Call, { revisions }: FakeFile): FakeRevision {
  const id = variable(call, 'revisionId');
  const found = id === 'head' ? revisions.at(-1) : revisions.find((revision) => revision.id === id);
  if (found !== undefined) return found;
  throw refusal(404, 'notFound', `Revision not found: ${id}.`, { location: 'revisionId' });
}
