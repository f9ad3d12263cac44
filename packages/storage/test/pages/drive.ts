// The application that a test opens in a browser: at `/onedrive/popup`, a drive with its sign-in.
import { createDropbox, createOneDrive } from '@granary/storage/browser';

const { pathname, origin } = new URL(location.href);
const [, drive = '', flow = ''] = pathname.split('/');
const text = (name: string): string =>
  new URL(import.meta.url).searchParams.get(name) ?? sessionStorage.getItem(name) ?? '';
const options = {
  flow: flow === 'redirect' ? ('redirect' as const) : ('popup' as const),
  signInEndpoints: {
    authorization: text('authorization'),
    token: `${origin}/oauth/token`,
    revocation: `${origin}/oauth/revoke`,
  },
  endpoint: origin,
};
const clientId = text('client');
const storage =
  drive === 'onedrive'
    ? createOneDrive({ clientId, ...options })
    : createDropbox({ appKey: clientId, ...options });
const doc = (globalThis as unknown as { document: { title: string } }).document;

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
  /** Filled by the click and by the load of the page. */
  clicked: undefined as unknown,
  resumed: undefined as unknown,
  click() {
    void told(() => storage.auth.signIn()).then((result) => {
      app.clicked = result;
    });
  },
  roundTrip: () =>
    told(async () => {
      await storage.save('notes/today', { text: 'Buy bread.' }, { tags: ['todo'] });
      const { value, info } = await storage.loadItem('notes/today');
      return { value, tags: info.tags };
    }),
  load: () => told(() => storage.load('notes/today')),
  accounts: () => told(() => storage.auth.accounts()),
  signOut: () => told(() => storage.auth.signOut()),
};
Object.assign(globalThis, { app });
app.resumed = await told(() => storage.auth.resume());
doc.title = 'ready';
