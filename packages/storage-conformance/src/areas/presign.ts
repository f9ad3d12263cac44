import type {
  PresignedRequest,
  PresignOption,
  PresignOptions,
} from '@granary/storage-core/provider';
import { ensure, equal, failsWith, present } from '../check.ts';
import { encode, noise } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { asciiGroups } from './keys.ts';

const NEEDS = ['presign'] as const;
const MINUTE_MS = 60_000;

/** Ends the scenario as skipped where the option is not taken. */
function takes({ capabilities, skip }: ScenarioContext, option: PresignOption): void {
  if (!capabilities.presignOptions?.includes(option)) skip(`presign takes no ${option}`);
}

async function sign(
  { provider }: ScenarioContext,
  key: string,
  options: PresignOptions = {},
): Promise<PresignedRequest> {
  return await present(provider.presign, 'presign').call(provider, key, options);
}

interface Sent {
  readonly method?: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
}

/** Sends a presigned request, as it is or with changes. The answer's body is read. */
async function send(
  { fetch }: ScenarioContext,
  request: PresignedRequest,
  change: Sent = {},
): Promise<{
  readonly ok: boolean;
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}> {
  const { body, method = request.method, headers, url = request.url } = change;
  const response = await fetch(url, {
    method,
    headers: { ...request.headers, ...headers },
    ...(body && { body: body as BodyInit }),
    redirect: 'manual',
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { ok: response.ok, status: response.status, bytes, headers: response.headers };
}

function refused(
  { ok, status }: { readonly ok: boolean; readonly status: number },
  what: string,
): void {
  ensure(
    !ok && status >= 400 && status < 500,
    `${what} should be refused, the answer was ${status}`,
  );
}

export const presignScenarios: readonly Scenario[] = [
  {
    rule: 'PRE-1',
    title: 'returns the object to a plain fetch',
    needs: NEEDS,
    async run(context) {
      const content = noise(5000, 41);
      await context.put('a/b', content);
      const request = await sign(context, 'a/b', { expiresInMs: MINUTE_MS });
      equal(request.method, 'GET', 'method');
      const left = request.expiresAt.getTime() - Date.now();
      ensure(
        left > 0 && left <= MINUTE_MS + 1000,
        `the request should be good for a minute, not for ${left} ms`,
      );
      const answer = await send(context, request);
      equal(answer.status, 200, 'status');
      equal(answer.bytes, content, 'the content');
      equal((await send(context, request)).bytes, content, 'the content, fetched again');
    },
  },
  {
    rule: 'PRE-1',
    title: 'is for one key and one method, and needs its signature',
    needs: NEEDS,
    async run(context) {
      await context.put('a', 'mine');
      await context.put('b', 'of another');
      const request = await sign(context, 'a');
      refused(
        await send(context, request, { method: 'PUT', body: encode('never') }),
        'another method',
      );
      refused(await send(context, request, { method: 'DELETE' }), 'deleting');
      const stripped = new URL(request.url);
      stripped.search = '';
      refused(await send(context, request, { url: stripped.href }), 'a URL without its query');
      const other = new URL(request.url);
      other.pathname = other.pathname.replace(/a$/, 'b');
      if (other.href !== request.url)
        refused(await send(context, request, { url: other.href }), 'the URL of another object');
      equal(await context.text('a'), 'mine', 'the object');
    },
  },
  {
    rule: 'PRE-1',
    title: 'is refused after it has expired',
    needs: ['presign', 'outside.advance'],
    async run(context) {
      await context.put('a', 'content');
      const request = await sign(context, 'a', { expiresInMs: MINUTE_MS });
      equal((await send(context, request)).status, 200, 'status before the end');
      await context.outside.advance?.(MINUTE_MS + 1000);
      refused(await send(context, request), 'an expired request');
    },
  },
  {
    rule: 'PRE-1',
    title: 'signs keys with odd characters',
    needs: NEEDS,
    async run(context) {
      for (const key of [
        'a b+c',
        'ä/文 😀',
        'a%2Fb',
        'a?x=1#y',
        'q\'u"o',
        'a&b=c;d',
        'deep/down/~x',
        ...asciiGroups(),
      ]) {
        await context.put(key, `at ${key}`);
        const answer = await send(context, await sign(context, key));
        equal(answer.status, 200, `status for ${key}`);
        equal(answer.bytes, encode(`at ${key}`), `content of ${key}`);
      }
    },
  },
  {
    rule: 'PRE-1',
    title: 'answers with the type and the disposition that were asked for',
    needs: NEEDS,
    async run(context) {
      takes(context, 'responseContentType');
      takes(context, 'responseDisposition');
      await context.put('a', 'content');
      const responseDisposition = `attachment; filename="a \\"b\\".txt"; filename*=UTF-8''%C3%A4.txt`;
      const request = await sign(context, 'a', {
        responseContentType: 'text/x-custom',
        responseDisposition,
      });
      const { headers } = await send(context, request);
      equal(headers.get('content-type'), 'text/x-custom', 'content type');
      equal(headers.get('content-disposition'), responseDisposition, 'content disposition');
    },
  },
  {
    rule: 'PRE-1',
    title: 'answers 404 or 403 for a missing object',
    needs: NEEDS,
    async run(context) {
      const answer = await send(context, await sign(context, 'missing'));
      ensure(
        answer.status === 404 || answer.status === 403,
        `the status should be 404 or 403, not ${answer.status}`,
      );
    },
  },
  {
    rule: 'PRE-2',
    title: 'stores what is sent with its headers',
    needs: NEEDS,
    async run(context) {
      const content = noise(3000, 42);
      const typed = context.capabilities.presignOptions?.includes('contentType') === true;
      const request = await sign(context, 'new/a', {
        method: 'PUT',
        ...(typed && { contentType: 'image/png' }),
      });
      equal(request.method, 'PUT', 'method');
      const answer = await send(context, request, { body: content });
      ensure(answer.ok, `the put should succeed, the answer was ${answer.status}`);
      equal(await context.bytes('new/a'), content, 'the content');
      if (typed && isDeclared(context.capabilities, 'attributes')) {
        equal((await context.provider.stat('new/a', {})).contentType, 'image/png', 'content type');
      }
    },
  },
  {
    rule: 'PRE-2',
    title: 'refuses another type than the bound one',
    needs: NEEDS,
    async run(context) {
      takes(context, 'contentType');
      const content = encode('abc');
      const typed = await sign(context, 'a', { method: 'PUT', contentType: 'image/png' });
      refused(
        await send(context, typed, { body: content, headers: { ...retyped(typed, 'text/html') } }),
        'another content type',
      );
      const { 'content-type': _a, 'Content-Type': _b, ...untyped } = typed.headers;
      refused(
        await send(context, { ...typed, headers: untyped }, { body: content }),
        'no content type',
      );
      await context.missing('a');
    },
  },
  {
    rule: 'PRE-2',
    title: 'refuses another length than the bound one',
    needs: NEEDS,
    async run(context) {
      takes(context, 'contentLength');
      const sized = await sign(context, 'a', { method: 'PUT', contentLength: 3 });
      refused(await send(context, sized, { body: encode('abcd') }), 'a longer body');
      refused(await send(context, sized, { body: encode('ab') }), 'a shorter body');
      await context.missing('a');
      ensure(
        (await send(context, sized, { body: encode('abc') })).ok,
        'content of the length should be taken',
      );
    },
  },
  {
    rule: 'PRE-2',
    title: 'refuses another checksum than the bound one',
    needs: NEEDS,
    async run(context) {
      takes(context, 'checksum');
      const content = encode('abc');
      const checksum = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
      const checked = await sign(context, 'a', { method: 'PUT', checksum });
      refused(await send(context, checked, { body: encode('abd') }), 'other content');
      await context.missing('a');
      ensure(
        (await send(context, checked, { body: content })).ok,
        'the content of the checksum should be taken',
      );
      equal(await context.bytes('a'), content, 'the content');
    },
  },
  {
    rule: 'PRE-2',
    title: 'only creates when it was signed so',
    needs: NEEDS,
    async run(context) {
      takes(context, 'ifNoneMatch');
      const request = await sign(context, 'a', { method: 'PUT', ifNoneMatch: '*' });
      ensure(
        (await send(context, request, { body: encode('first') })).ok,
        'the first put should succeed',
      );
      refused(await send(context, request, { body: encode('second') }), 'a put onto an object');
      const lower = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'if-none-match'),
      );
      if (Object.keys(lower).length < Object.keys(request.headers).length) {
        refused(
          await send(context, { ...request, headers: lower }, { body: encode('third') }),
          'a put without its condition',
        );
      }
      equal(await context.text('a'), 'first', 'the content');
    },
  },
  {
    rule: 'PRE-2',
    title: 'does not read with a request that writes',
    needs: NEEDS,
    async run(context) {
      await context.put('a', 'secret');
      const request = await sign(context, 'a', { method: 'PUT' });
      refused(await send(context, request, { method: 'GET' }), 'reading');
    },
  },
  {
    rule: 'PRE-3',
    title: 'refuses spans that are none',
    needs: NEEDS,
    async run(context) {
      for (const expiresInMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await failsWith(
          'invalid-argument',
          () => sign(context, 'a', { expiresInMs }),
          `presign for ${expiresInMs} ms`,
        );
      }
      const method = 'DELETE' as 'GET';
      await failsWith(
        'invalid-argument',
        () => sign(context, 'a', { method }),
        'presign of another method',
      );
    },
  },
  {
    rule: 'PRE-3',
    title: 'refuses to sign what is no type and no header',
    needs: NEEDS,
    async run(context) {
      const { presignOptions } = context.capabilities;
      const code = (option: PresignOption) =>
        presignOptions?.includes(option) ? 'invalid-argument' : 'unsupported';
      await failsWith(
        code('contentType'),
        () => sign(context, 'a', { method: 'PUT', contentType: 'no type' }),
        'presign of a type that is none',
      );
      const responseDisposition = 'attachment\r\nX-Injected: 1';
      await failsWith(
        code('responseDisposition'),
        () => sign(context, 'a', { responseDisposition }),
        'presign with a line end',
      );
    },
  },
  {
    rule: 'PRE-3',
    title: 'signs without a request, and without showing the secret',
    needs: ['presign'],
    async run(context) {
      const before = context.outside.requests?.();
      const request = await sign(context, 'a');
      for (const secret of context.outside.secrets ?? []) {
        ensure(!request.url.includes(secret), 'the URL should not hold the secret');
      }
      equal(context.outside.requests?.(), before, 'requests sent to sign');
    },
  },
  {
    rule: 'PRE-4',
    title: 'names a lasting URL for what anyone may read',
    needs: ['publicUrl'],
    async run({ provider, put }) {
      const key = 'a b/ä?x=1#y%41';
      await put(key, 'content');
      const url = present(provider.publicUrl, 'publicUrl').call(provider, key);
      ensure(
        url.endsWith('a%20b/%C3%A4%3Fx%3D1%23y%2541'),
        `the URL should end with the escaped key, not be ${url}`,
      );
      equal(new URL(url).href, url, 'the URL, parsed and written again');
    },
  },
];

function retyped(request: PresignedRequest, type: string): Record<string, string> {
  const name = Object.keys(request.headers).find(
    (header) => header.toLowerCase() === 'content-type',
  );
  return { [name ?? 'content-type']: type };
}
