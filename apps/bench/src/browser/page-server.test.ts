import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PageServer, servePage } from './page-server.ts';

let server: PageServer;

beforeEach(async () => {
  server = await servePage(new Map([['page.js', new TextEncoder().encode('1;')]]));
});
afterEach(() => server.stop());

const ask = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

describe('servePage', () => {
  test('serves the page, isolated from other origins', async () => {
    const response = await ask('/?load=1');
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('src="/page.js"');
  });

  test('serves scripts, and nothing else', async () => {
    const response = await ask('/page.js');
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(await response.text()).toBe('1;');
    expect((await ask('/other.js')).status).toBe(404);
  });
});
