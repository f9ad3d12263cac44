import { randomUUID } from 'node:crypto';
import { contentOrigin } from './content-routes.ts';
import type { Drive, Item } from './drive-state.ts';
import { describedAs } from './item-json.ts';
import { refuse } from './refusal.ts';
import {
  type ConflictBehavior,
  conflictBehaviorOf,
  type FakeAnswer,
  type FakeRequest,
  fieldsOf,
  jsonOf,
} from './request.ts';

/** "The size of each byte range MUST be a multiple of 320 KiB", and under 60 MiB: createUploadSession. Units: bytes. */
const MULTIPLE = 320 * 1024;
const MAX_PART = 60 * 1024 * 1024;
/** Long enough for tests that put the clock forward. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

interface Session {
  readonly drive: Drive;
  readonly parentId: string;
  readonly above: readonly string[];
  readonly name: string;
  readonly behavior: ConflictBehavior;
  readonly defersCommit: boolean;
  readonly expiresAt: number;
  readonly described: Pick<Item, 'description' | 'fileSystemInfo'>;
  total: number | undefined;
  content: Buffer;
}

/** Uploads in parts. https://learn.microsoft.com/graph/api/driveitem-createuploadsession, read 2026-11-21 */
export interface Uploads {
  begin(drive: Drive, from: Item, segments: readonly string[], request: FakeRequest): FakeAnswer;
  answer(request: FakeRequest, itemOf: (drive: Drive, item: Item) => object): FakeAnswer;
  pending(): readonly string[];
}

export function makeUploads(nowMs: () => number): Uploads {
  const sessions = new Map<string, Session>();

  function sessionOf(path: string): Session {
    const session = sessions.get(path);
    if (session === undefined || session.expiresAt <= nowMs()) throw refuse.noSession();
    return session;
  }

  function commit(
    path: string,
    session: Session,
    itemOf: (drive: Drive, item: Item) => object,
  ): FakeAnswer {
    const { drive, parentId, above, name, behavior, content } = session;
    const from = drive.item(parentId);
    if (from === undefined) throw refuse.noItem();
    const parent = drive.folder(from, above);
    const { item: written, isNew } = drive.write(parent, name, {
      content,
      mimeType: 'application/octet-stream',
      behavior,
    });
    sessions.delete(path);
    const { described } = session;
    const says = described.description ?? Object.keys(described.fileSystemInfo).length > 0;
    const item = says ? drive.describe(written, described) : written;
    return { status: isNew ? 201 : 200, body: itemOf(drive, item) };
  }

  return {
    begin(drive, from, segments, request) {
      const body = jsonOf(request, ['item', 'deferCommit']);
      const item = fieldsOf(body['item'] ?? {}, [
        '@odata.type',
        '@microsoft.graph.conflictBehavior',
        'description',
        'fileSize',
        'fileSystemInfo',
        'name',
      ]);
      const name = segments.at(-1) ?? from.name;
      if (item['name'] !== undefined && item['name'] !== name) {
        throw refuse.request('The name is not that of the path.');
      }
      const path = `/up/${randomUUID()}`;
      const parent = segments.length === 0 ? (from.parentId ?? from.id) : from.id;
      // What is in the way is found now.
      drive.folder(drive.item(parent) ?? from, segments.slice(0, -1));
      const existing = drive.find(from, segments);
      const behavior = conflictBehaviorOf(item['@microsoft.graph.conflictBehavior'], 'fail');
      const isTaken = existing !== undefined && behavior === 'fail' && segments.length > 0;
      if (isTaken || (existing !== undefined && existing.content === undefined)) {
        throw refuse.taken();
      }
      if (Number(item['fileSize'] ?? 0) > drive.totalBytes - drive.usedBytes()) throw refuse.full();
      const expiresAt = nowMs() + LIFETIME_MS;
      sessions.set(path, {
        described: describedAs(drive, item, existing),
        drive,
        parentId: parent,
        above: segments.slice(0, -1),
        name,
        behavior: segments.length === 0 ? 'replace' : behavior,
        defersCommit: body['deferCommit'] === true,
        expiresAt,
        total: undefined,
        content: Buffer.alloc(0),
      });
      return {
        status: 200,
        body: {
          '@odata.context':
            'https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.uploadSession',
          uploadUrl: `${contentOrigin(request.origin)}${path}`,
          expirationDateTime: new Date(expiresAt).toISOString(),
          nextExpectedRanges: ['0-'],
        },
      };
    },

    answer(request, itemOf) {
      const { method, path, headers, body } = request;
      if (headers['authorization'] !== undefined) throw refuse.preauthenticated();
      const session = sessionOf(path);
      const status = (code: number): FakeAnswer => ({
        status: code,
        body: {
          expirationDateTime: new Date(session.expiresAt).toISOString(),
          nextExpectedRanges:
            session.content.length === session.total ? [] : [`${session.content.length}-`],
        },
      });
      if (method === 'GET') return status(200);
      if (method === 'DELETE') {
        sessions.delete(path);
        return { status: 204 };
      }
      if (method === 'POST') {
        if (body.length > 0 || !session.defersCommit || session.content.length !== session.total) {
          throw refuse.request('The session cannot be committed.');
        }
        return commit(path, session, itemOf);
      }
      if (method !== 'PUT') throw refuse.method();

      const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '');
      if (!match) throw refuse.request('Content-Range is missing or invalid.');
      const [start = 0, last = 0, total = 0] = match.slice(1).map(Number);
      if (last - start + 1 !== body.length || last >= total) {
        throw refuse.request('Content-Range is not that of the content.');
      }
      if (body.length > MAX_PART) throw refuse.request('The fragment is too large.');
      if (session.total !== undefined && session.total !== total) {
        throw refuse.request('The declared size of the file has changed.');
      }
      if (last + 1 < total && body.length % MULTIPLE !== 0) {
        throw refuse.request('The fragment is no multiple of 320 KiB.');
      }
      if (start !== session.content.length) throw refuse.range('The fragment overlaps or skips.');
      session.total = total;
      const before = session.content;
      session.content = Buffer.concat([session.content, body]);
      if (session.content.length < total || session.defersCommit) return status(202);
      try {
        return commit(path, session, itemOf);
      } catch (error) {
        // "The upload session is preserved until the expiration time."
        session.content = before;
        throw error;
      }
    },
    pending: () => [...sessions.values()].map(({ above, name }) => [...above, name].join('/')),
  };
}
