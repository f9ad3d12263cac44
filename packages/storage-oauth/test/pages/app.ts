// The application that the tests open in a browser: one sign-in, with its tokens in a vault of the origin.
import { createVault } from '@granary/storage-credentials/browser';
import { createSignIn, finishPopup, openId, popup, redirect } from '../../src/browser.ts';

const { searchParams, pathname, origin } = new URL(location.href);
const text = (name: string): string => sessionStorage.getItem(name) ?? '';
for (const name of ['issuer', 'client', 'flow']) {
  const value = searchParams.get(name);
  if (value !== null) sessionStorage.setItem(name, value);
}
const doc = (globalThis as unknown as { document: { title: string } }).document;
const redirectUri = origin + pathname;
const flow =
  text('flow') === 'redirect'
    ? redirect({ redirectUri })
    : popup({ redirectUri: `${origin}/back`, timeoutMs: 20_000 });
const scopes = ['openid', 'email', 'offline_access', 'files.read', 'files.write'];
const provider = openId({ issuer: text('issuer'), clientId: text('client'), scopes });
const auth = createSignIn({ provider, store: createVault({ name: 'tests' }), flow });

/** What a call came to, as plain data. */
async function told(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { code, message };
  }
}

const app = {
  signIn: () => told(() => auth.signIn()),
  accounts: () => told(() => auth.accounts()),
  token: (refresh = false) => told(async () => (await auth.getToken({ refresh })).token),
  signOut: () => told(() => auth.signOut()),
  /** Filled by the click and by the load of the page. */
  clicked: undefined as unknown,
  resumed: undefined as unknown,
  click() {
    void app.signIn().then((result) => {
      app.clicked = result;
    });
  },
};
Object.assign(globalThis, { app });
if (pathname === '/back') finishPopup();
else app.resumed = await told(() => auth.resume());
doc.title = 'ready';
