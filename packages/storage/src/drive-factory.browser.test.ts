import { expect, test } from 'vitest';
import { createDropbox } from './browser.ts';

test("keeps a sign-in in the browser's vault until somebody signs out", async () => {
  const sent: (string | null)[] = [];
  const options = {
    appKey: 'drive-test',
    flow: { name: 'test', signIn: async () => ({ accessToken: 'access', scopes: [] }) },
    fetch: async (_input: unknown, init?: RequestInit) => {
      sent.push(new Headers(init?.headers).get('authorization'));
      const error = { '.tag': 'path', path: { '.tag': 'not_found' } };
      return Response.json({ error_summary: 'path/not_found/', error }, { status: 409 });
    },
  };
  await createDropbox(options).auth.signIn();
  // Another page of the application finds it.
  const storage = createDropbox(options);
  expect(await storage.exists('a')).toBe(false);
  expect(sent[0]).toBe('Bearer access');
  await storage.auth.signOut();
  await expect(createDropbox(options).exists('a')).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});
