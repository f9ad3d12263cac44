import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access.ts';
import { invalidRequest, refuse } from './refusal.ts';
import type { State } from './state.ts';

/** Trouble that the fake makes below what a client expects. */
export type FakeFault = 'unavailable' | 'second-page' | 'ignore-range' | 'cut-body' | 'lost-reply';

/** One request on its way through the fake. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Segments of the path below `/storage/v1`, percent-decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly state: State;
  readonly access: Access;
  readonly secret: string;
  /** Where the project is, as the client called it. */
  readonly origin: string;
  fault(): FakeFault | undefined;
}

/** Answers a request. */
export type Handler = (call: Call) => Promise<void> | void;

/** The value of a header that is sent once. */
export function header({ request }: Call, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The bucket and the object's name in a path, from a position on. */
export function placeOf({ path }: Call, from: number): { bucket: string; name: string } {
  const [bucket = '', ...segments] = path.slice(from);
  return { bucket, name: segments.join('/') };
}

/** Refuses query options that the route has not. */
export function onlyQuery({ query }: Call, allowed: readonly string[]): void {
  for (const name of query.keys()) {
    if (!allowed.includes(name)) throw invalidRequest(`querystring has no property '${name}'`);
  }
}

/** Refuses a route that wants a token without one. */
export function needsAuthorization(call: Call): void {
  if (header(call, 'authorization') === undefined) {
    throw invalidRequest("headers must have required property 'authorization'");
  }
}

/** The whole body. Fails when the client goes away before its end. */
export async function bodyOf({ request }: Call): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

type FieldKind = 'string' | 'integer' | 'boolean' | 'object' | 'strings' | 'nullable';

/** A JSON body, each of whose fields is known and of its kind. Fields that end in `!` are required. */
export async function jsonOf(
  call: Call,
  fields: Readonly<Record<string, FieldKind>>,
): Promise<Readonly<Record<string, unknown>>> {
  const text = (await bodyOf(call)).toString();
  let value: unknown = {};
  try {
    if (text !== '') value = JSON.parse(text);
  } catch {
    throw invalidRequest('Body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null) throw invalidRequest('body must be object');
  const known = new Map(
    Object.entries(fields).map(([name, kind]) => [name.replace('!', ''), kind]),
  );
  for (const [name, content] of Object.entries(value)) {
    const kind = known.get(name);
    if (kind === undefined) throw invalidRequest(`body has no property '${name}'`);
    if (!fits(kind, content)) throw invalidRequest(`body/${name} must be ${kind}`);
  }
  for (const name of Object.keys(fields)) {
    if (name.endsWith('!') && !(name.slice(0, -1) in value)) {
      throw invalidRequest(`body must have required property '${name.slice(0, -1)}'`);
    }
  }
  return value as Readonly<Record<string, unknown>>;
}

function fits(kind: FieldKind, value: unknown): boolean {
  switch (kind) {
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'nullable':
      return true;
  }
}

/** Answers with JSON. */
export function sendJson({ response }: Call, value: unknown, status = 200): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** User metadata out of a header; what can't be read counts as none, as in the service. */
export function metadataOf(call: Call): Readonly<Record<string, unknown>> | undefined {
  const value = header(call, 'x-metadata');
  if (value === undefined) return undefined;
  return parseMetadata(Buffer.from(value, 'base64').toString());
}

/** JSON of user metadata. NUL and lone surrogates fail in the database's `jsonb`. */
export function parseMetadata(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isStorable(value)) throw refuse.parameter('value');
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** https://www.postgresql.org/docs/current/datatype-json.html: `jsonb` has no U+0000 and no lone surrogate. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, item]) => isStorable(name) && isStorable(item));
}
