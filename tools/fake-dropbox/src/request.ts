import type { IncomingMessage } from 'node:http';
import type { Fields } from './check-fields.ts';
import type { DropboxState } from './dropbox-state.ts';
import type { Accounts, Grant } from './oauth.ts';

/** A request, read to its end. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Ends when the client goes away. */
  readonly gone: AbortSignal;
}

/** An answer. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One call of a route, its argument checked. */
export interface Call {
  readonly name: string;
  readonly request: FakeRequest;
  /** The argument, every field known and of its kind. */
  readonly arg: Readonly<Record<string, unknown>>;
  readonly state: DropboxState;
  readonly accounts: Accounts;
  /** What the token allows; absent where none is asked for. */
  readonly grant: Grant | undefined;
  /** Address of the fake, for links. */
  readonly origin: string;
  readonly settings: CallSettings;
}

/** How the fake was started, and what it was told since. */
export interface CallSettings {
  /** Deleting in batches is done at once up to so many entries; beyond, it is a job. */
  readonly syncDeletes: number;
  /** How often the state of such a job is asked before it is done. */
  readonly checksOfJobs: number;
  readonly capacityBytes: number;
  readonly isTeam: boolean;
  readonly ignoresRange: boolean;
  /** Cursors from before are stale. */
  readonly cursorEpoch: number;
}

/** A route of the API, by https://github.com/dropbox/dropbox-api-spec, read 2026-11-21. */
export interface Route {
  readonly host: 'api' | 'content' | 'notify';
  readonly style: 'rpc' | 'upload' | 'download';
  /** Default: a token is needed, and no scope. */
  readonly scope?: string;
  readonly auth?: 'noauth';
  /** Default: apps with a folder of their own may call it. */
  readonly fullAccessOnly?: boolean;
  /** `null`: there is no argument. */
  readonly fields: Fields | null;
  answer(call: Call): FakeAnswer | Promise<FakeAnswer>;
}

/** Routes by name, such as `files/upload`. */
export type Routes = Readonly<Record<string, Route>>;

/** Reads a request to its end. */
export async function readRequest(
  message: IncomingMessage,
  gone: AbortSignal,
): Promise<FakeRequest> {
  const url = new URL(message.url ?? '/', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers as Readonly<Record<string, string | undefined>>,
    body: Buffer.concat(chunks),
    gone,
  };
}

/** A JSON answer. */
export function json(value: unknown, status = 200): FakeAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** JSON as it stands in a header: ASCII alone. https://www.dropbox.com/developers/reference/json-encoding, read 2026-11-21 */
export function headerJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
