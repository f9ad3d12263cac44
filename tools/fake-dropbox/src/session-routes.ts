import { randomBytes } from 'node:crypto';
import { flag, member, struct, text, whole } from './check-fields.ts';
import { checkHash, checkPayload, commit, commitFields } from './content-routes.ts';
import type { DropboxState } from './dropbox-state.ts';
import { inside } from './file-routes.ts';
import { untagged } from './metadata.ts';
import { routeError, type Tagged, tagged } from './refusal.ts';
import { type Call, json, type Routes } from './request.ts';

/** Routes and limits: https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21. */
const MAX_FILE = 2 ** 41 - 2 ** 22;
/** "An upload session can be used for a maximum of 7 days." Units: ms. */
const LIFE_MS = 7 * 24 * 60 * 60 * 1000;
/** "The length of the uploaded data must be a multiple of 2^22", in concurrent sessions. */
const CONCURRENT_BYTES = 2 ** 22;

interface Session {
  readonly isConcurrent: boolean;
  readonly startedAt: number;
  readonly pieces: Map<number, Buffer>;
  isClosed: boolean;
}

const cursorFields = struct({
  'session_id!': text('SessionId'),
  'offset!': whole(0, Number.MAX_SAFE_INTEGER),
});

/** Upload sessions. */
export const sessionRoutes: Routes = {
  'files/upload_session/start': {
    host: 'content',
    style: 'upload',
    scope: 'files.content.write',
    fields: {
      close: flag,
      session_type: member('sequential', 'concurrent'),
      content_hash: text('Sha256HexHash'),
    },
    answer(call) {
      checkPayload(call);
      checkHash(call);
      const { close = false, session_type: type = 'sequential' } = call.arg;
      const isConcurrent = JSON.stringify(type).includes('concurrent');
      const { body } = call.request;
      if (isConcurrent && body.length > 0)
        throw routeError(tagged('concurrent_session_data_not_allowed'));
      if (isConcurrent && close === true)
        throw routeError(tagged('concurrent_session_close_not_allowed'));
      const id = `pid_upload_session:${randomBytes(24).toString('base64url')}`;
      sessionsOf(call).set(id, {
        isConcurrent,
        startedAt: call.state.now().getTime(),
        pieces: new Map(body.length > 0 ? [[0, body]] : []),
        isClosed: close === true,
      });
      return json({ session_id: id });
    },
  },
  'files/upload_session/append_v2': {
    host: 'content',
    style: 'upload',
    scope: 'files.content.write',
    fields: { 'cursor!': cursorFields, close: flag, content_hash: text('Sha256HexHash') },
    answer(call) {
      checkPayload(call);
      checkHash(call);
      append(call, call.arg['close'] === true, (error) => error);
      return json(null);
    },
  },
  'files/upload_session/finish': {
    host: 'content',
    style: 'upload',
    scope: 'files.content.write',
    fields: {
      'cursor!': cursorFields,
      'commit!': struct(commitFields),
      content_hash: text('Sha256HexHash'),
    },
    answer(call) {
      checkPayload(call);
      checkHash(call);
      const { id } = cursorOf(call);
      const found = find(call, inside('lookup_failed'));
      if (found.isConcurrent) {
        if (call.request.body.length > 0) {
          throw routeError(tagged('concurrent_session_data_not_allowed'));
        }
        if (!found.isClosed) throw routeError(tagged('concurrent_session_not_closed'));
      }
      const session = append(
        call,
        false,
        inside('lookup_failed'),
        found.isConcurrent || found.isClosed,
      );
      // `UploadSessionFinishError`: what comes with it is appended, also when the file cannot be made.
      const content = joined(session);
      const info = call.arg['commit'] as Readonly<Record<string, unknown>>;
      const written = commit(call, info, content, inside('path'));
      sessionsOf(call).delete(id);
      return json(untagged(written));
    },
  },
};

/** Sessions that were begun and not ended. */
export function pendingSessions(state: DropboxState): readonly string[] {
  return [...state.shelf<Session>('sessions').keys()];
}

function sessionsOf({ state }: Call): Map<string, Session> {
  return state.shelf<Session>('sessions');
}

function cursorOf({ arg }: Call): { readonly id: string; readonly offset: number } {
  const cursor = arg['cursor'] as { readonly session_id: string; readonly offset: number };
  return { id: cursor.session_id, offset: cursor.offset };
}

function find(call: Call, wrap: (error: Tagged) => Tagged): Session {
  const session = sessionsOf(call).get(cursorOf(call).id);
  if (session === undefined || call.state.now().getTime() - session.startedAt > LIFE_MS) {
    throw routeError(wrap(tagged('not_found')));
  }
  return session;
}

function append(
  call: Call,
  close: boolean,
  wrap: (error: Tagged) => Tagged,
  mayBeClosed = false,
): Session {
  const session = find(call, wrap);
  const { offset } = cursorOf(call);
  const { body } = call.request;
  if (session.isClosed && !mayBeClosed) throw routeError(wrap(tagged('closed')));
  if (offset + body.length > MAX_FILE) throw routeError(wrap(tagged('too_large')));
  if (session.isConcurrent) {
    if (offset % CONCURRENT_BYTES !== 0 && body.length > 0) {
      throw routeError(wrap(tagged('concurrent_session_invalid_offset')));
    }
    if (body.length % CONCURRENT_BYTES !== 0 && !close) {
      throw routeError(wrap(tagged('concurrent_session_invalid_data_size')));
    }
  } else if (offset !== heldBytes(session)) {
    throw routeError(wrap({ '.tag': 'incorrect_offset', correct_offset: heldBytes(session) }));
  }
  if (body.length > 0) session.pieces.set(offset, body);
  if (close) session.isClosed = true;
  return session;
}

function heldBytes({ pieces }: Session): number {
  return [...pieces.values()].reduce((sum, piece) => sum + piece.length, 0);
}

function joined(session: Session): Buffer {
  const pieces = [...session.pieces].sort(([a], [b]) => a - b);
  let end = 0;
  for (const [offset, piece] of pieces) {
    if (offset !== end) throw routeError(tagged('concurrent_session_missing_data'));
    end += piece.length;
  }
  return Buffer.concat(pieces.map(([, piece]) => piece));
}
