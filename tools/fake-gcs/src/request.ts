import type { IncomingMessage } from 'node:http';
import { invalid } from './refusal.ts';

/** A request, read to its end where it is small. */
export interface FakeRequest {
  readonly method: string;
  /** As sent, percent-encoded. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly search: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body. Fails when the client goes away. */
  readonly body: Buffer;
}

/** An answer. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Reads a request to its end. */
export async function readRequest(message: IncomingMessage): Promise<FakeRequest> {
  const [path = '/', search = ''] = splitOnce(message.url ?? '/', '?');
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, decodeHeader(String(value))]),
  );
  return {
    method: message.method ?? 'GET',
    path,
    search,
    query: readQuery(search),
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Header values are UTF-8, which node hands out as Latin-1. */
function decodeHeader(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

/** Query parameters; `permissions` may come several times and is joined by commas. */
export function readQuery(search: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(query, name) && name !== 'permissions') {
      throw invalid(`Parameter ${name} is given twice.`);
    }
    query[name] = Object.hasOwn(query, name) ? `${query[name]},${value}` : value;
  }
  return query;
}

/** Percent-decodes a part of a path. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('The path is not percent-encoded UTF-8.');
  }
}

/** A JSON answer. */
export function json(value: unknown, status = 200): FakeAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(value),
  };
}

/** The two sides of the first separator. */
export function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
