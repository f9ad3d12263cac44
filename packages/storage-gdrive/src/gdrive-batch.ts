import type { StorageError } from '@granary/storage-core/provider';
import { API_VERSION } from './gdrive-client.ts';
import { fromAnswer, notDrive } from './gdrive-errors.ts';
import { inGroups } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** "limited to 100 calls in a single batch request". https://developers.google.com/workspace/drive/api/guides/performance#batch-requests, read 2026-11-21 */
const MAX_CALLS = 100;

/** One call of a batch. */
export interface BatchCall {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  /** Below the version, such as `files/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: object;
}

/** What a call of a batch was answered. */
export type BatchAnswer =
  | { readonly ok: true; readonly json: unknown }
  | { readonly ok: false; readonly error: StorageError };

/**
 * Makes many calls in as few requests as possible, an answer for each, in order.
 * Errors: what a whole request fails with.
 */
export async function sendBatch(
  store: GdriveStore,
  calls: readonly BatchCall[],
  signal: AbortSignal | undefined,
): Promise<readonly BatchAnswer[]> {
  const answers: BatchAnswer[] = [];
  for (const group of inGroups(calls, MAX_CALLS)) {
    const boundary = `granary-${crypto.randomUUID()}`;
    const parts = group.map((call, index) => `--${boundary}\r\n${partOf(call, index)}\r\n`);
    const body = `${parts.join('')}--${boundary}--`;
    const response = await store.client.batch(boundary, body, signal);
    const text = await response.text();
    answers.push(...readAnswers(response.headers.get('content-type') ?? '', text, group.length));
  }
  return answers;
}

function partOf({ method, path, query = {}, json }: BatchCall, index: number): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  const search = pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  const head = `Content-Type: application/http\r\nContent-ID: <item-${index}>\r\n\r\n`;
  const line = `${method} /drive/${API_VERSION}/${path}${search} HTTP/1.1\r\n`;
  if (json === undefined) return `${head}${line}\r\n`;
  const type = 'Content-Type: application/json; charset=UTF-8';
  return `${head}${line}${type}\r\n\r\n${JSON.stringify(json)}`;
}

/** Answers need not come in the order of the calls. */
function readAnswers(type: string, text: string, count: number): readonly BatchAnswer[] {
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1];
  if (boundary === undefined) throw notDrive('it is no batch');
  const answers = new Map<number, BatchAnswer>();
  for (const part of text.split(`--${boundary}`)) {
    const index = /content-id:\s*<?response-item-(\d+)/i.exec(part)?.[1];
    const inner = /HTTP\/\d(?:\.\d)? (\d{3})[^\r\n]*\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(part);
    if (index === undefined || inner === null) continue;
    const [, status = '', headers = '', body = ''] = inner;
    answers.set(Number(index), readAnswer(Number(status), headers, body.trim()));
  }
  return Array.from({ length: count }, (_, index) => {
    const answer = answers.get(index);
    if (answer === undefined) throw notDrive('a batch lacks the answer to a call');
    return answer;
  });
}

function readAnswer(status: number, head: string, text: string): BatchAnswer {
  const json = parse(text);
  if (status >= 200 && status < 300) return { ok: true, json };
  const headers = new Headers();
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return { ok: false, error: fromAnswer({ status, headers, text, json }) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
