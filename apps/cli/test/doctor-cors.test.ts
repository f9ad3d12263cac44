import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PresignedRequest, PresignOptions } from '@granary/storage-core';
import { afterEach, describe, expect, test } from 'vitest';
import { corsSteps, parseOrigin } from '../src/doctor/cors-steps.ts';

const ORIGIN = 'https://app.example';
const ALLOWED = {
  'access-control-allow-origin': ORIGIN,
  'access-control-allow-methods': 'GET, PUT',
  'access-control-allow-headers': 'Content-Type, x-checked',
};

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A service that answers by method, and what it was asked. */
async function service(answers: Readonly<Record<string, Answer>>) {
  const seen: Pick<IncomingMessage, 'method' | 'headers'>[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method, headers: request.headers });
    const { status = 200, headers = ALLOWED } = answers[request.method ?? ''] ?? {};
    request.resume().on('end', () => response.writeHead(status, headers).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { seen, url: `http://127.0.0.1:${port}/a?signature=secret` };
}

interface Trial {
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly readOnly?: boolean;
  readonly presignOptions?: readonly 'contentType'[];
}

async function tried({ answers = {}, readOnly = false, presignOptions = ['contentType'] }: Trial) {
  const { seen, url } = await service(answers);
  const store = {
    getCapabilities: () => ({ presign: true, presignOptions }),
    presign: async (
      _key: string,
      { method = 'GET', contentType }: PresignOptions = {},
    ): Promise<PresignedRequest> => ({
      url,
      method,
      headers: {
        ...(contentType !== undefined && { 'content-type': contentType }),
        ...(method === 'PUT' && { 'x-checked': '1' }),
      },
      expiresAt: new Date(),
    }),
  };
  const { signal } = new AbortController();
  const results: Record<string, unknown> = {};
  for (const { name, run } of corsSteps({ store, key: 'a', origin: ORIGIN, readOnly, signal })) {
    results[name] = await run().then(
      () => 'ok',
      (error: unknown) => error,
    );
  }
  return { results, seen };
}

describe('what a page may do', () => {
  test('is tried as a browser does it', async () => {
    const { results, seen } = await tried({});
    expect(results).toEqual({ 'cors get': 'ok', 'cors put': 'ok' });
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'OPTIONS', 'PUT']);
    expect(seen.every(({ headers }) => headers.origin === ORIGIN)).toBe(true);
    expect(seen[1]?.headers).toMatchObject({
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type,x-checked',
    });
    expect(seen[2]?.headers['content-type']).toBe('text/plain');
  });

  test('is tried without writing, where the object need not be there', async () => {
    const { results, seen } = await tried({
      readOnly: true,
      presignOptions: [],
      answers: { GET: { status: 404 } },
    });
    expect(results).toEqual({ 'cors get': 'ok', 'cors put': 'ok' });
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'OPTIONS']);
  });

  test('is everything where the service allows everyone', async () => {
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': '*',
      'access-control-allow-headers': '*',
    };
    const answers = { GET: { headers }, OPTIONS: { headers }, PUT: { headers } };
    expect((await tried({ answers })).results).toEqual({ 'cors get': 'ok', 'cors put': 'ok' });
  });

  test.each<[string, 'cors get' | 'cors put', Record<string, Answer>, string]>([
    ['no origin', 'cors get', { GET: { headers: {} } }, 'no Access-Control-Allow-Origin'],
    [
      'another origin',
      'cors get',
      { GET: { headers: { 'access-control-allow-origin': 'https://other.example' } } },
      'allows only https://other.example',
    ],
    ['a refusal', 'cors get', { GET: { status: 403 } }, 'was answered 403'],
    ['a preflight that fails', 'cors put', { OPTIONS: { status: 403 } }, 'preflight of PUT was'],
    ['no preflight', 'cors put', { OPTIONS: { headers: {} } }, 'preflight of PUT has no'],
    [
      'other methods',
      'cors put',
      { OPTIONS: { headers: { ...ALLOWED, 'access-control-allow-methods': 'GET' } } },
      'PUT is not among the methods allowed (GET)',
    ],
    [
      'no methods and headers',
      'cors put',
      { OPTIONS: { headers: { 'access-control-allow-origin': '*' } } },
      'methods allowed (none)',
    ],
    [
      'other headers',
      'cors put',
      { OPTIONS: { headers: { ...ALLOWED, 'access-control-allow-headers': 'content-type' } } },
      'not allowed: x-checked',
    ],
    ['an answer that nobody may see', 'cors put', { PUT: { headers: {} } }, 'to a PUT has no'],
  ])('is told of %s', async (_, step, answers, reason) => {
    const { results } = await tried({ answers });
    expect(results[step]).toMatchObject({ code: 'permission-denied' });
    expect(String(results[step])).toContain(reason);
    expect(String(results[step])).not.toContain('secret');
  });
});

describe('an origin', () => {
  test('is scheme and host', () => {
    expect(parseOrigin('https://app.example')).toBe('https://app.example');
    expect(parseOrigin('http://localhost:5173')).toBe('http://localhost:5173');
  });

  test.each([
    ['app.example', 'https://app.example'],
    ['https://app.example/', 'https://app.example'],
    ['http://app.example/page', 'http://app.example'],
    ['ftp://app.example', 'https://app.example'],
  ])('is not %s', (text, hint) => {
    expect(() => parseOrigin(text)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(hint) }),
    );
  });
});
