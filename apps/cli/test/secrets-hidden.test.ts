import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createAzure } from '@granary/storage-azure';
import { configSchema, openStores, parseConfig } from '@granary/storage-config';
import { encryptionOptions, storageLayers } from '@granary/storage-config/layers';
import { createStorage, openStorage } from '@granary/storage-core';
import { createVault, memoryDriver, type VaultDriver } from '@granary/storage-credentials';
import { createKeyFile, createVault as createNodeVault } from '@granary/storage-credentials/node';
import { createFileSystem } from '@granary/storage-fs';
import { createGcs } from '@granary/storage-gcs';
import { createCompressed } from '@granary/storage-layers/compress';
import {
  createEncrypted,
  type EncryptOptions,
  keyChain,
  keyRing,
  passphraseKeys,
  rewrap,
  singleKey,
  vaultKeys,
} from '@granary/storage-layers/encrypt';
import { createExpiring } from '@granary/storage-layers/expire';
import { createVerified, verifyStore } from '@granary/storage-layers/integrity';
import { createLimited } from '@granary/storage-layers/quota';
import { createShredding } from '@granary/storage-layers/shred';
import { createValidated } from '@granary/storage-layers/validate';
import { createMemory } from '@granary/storage-memory';
import { createSignIn, dropbox, google, microsoft, openId } from '@granary/storage-oauth';
import { createS3 } from '@granary/storage-s3';
import { createSupabase } from '@granary/storage-supabase';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** 32 characters, so it is a key as well. */
const SECRET = 'hunter2/Tr0ub4dor&3+xkcd=936!Zq%';
const KEY: Uint8Array = new TextEncoder().encode(SECRET);
/** So much of it in a row is told, not a coincidence. Units: characters. */
const PIECE = 8;
const BACKENDS = [createMemory, createFileSystem, createS3, createAzure, createGcs, createSupabase];

/** Every way in which a secret can stand somewhere. */
const FORMS: readonly string[] = [
  SECRET,
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString('base64'),
  Buffer.from(SECRET).toString('base64url'),
  Buffer.from(SECRET).toString('hex'),
  Buffer.from(SECRET).toString('hex').toUpperCase(),
  [...KEY].join(', '),
  [...KEY].join(','),
  inspect(KEY).replaceAll(/\s+/g, ' '),
];
const PIECES: ReadonlySet<string> = new Set(FORMS.flatMap(piecesOf));

function piecesOf(form: string): readonly string[] {
  // Bytes in decimal take more characters, and look like other numbers.
  const length = form.includes(',') ? 3 * PIECE : PIECE;
  return Array.from({ length: form.length - length + 1 }, (_, at) => form.slice(at, at + length));
}

/** What of the secret is seen in anything that a program could print of a value. */
function leaksOf(value: unknown): readonly string[] {
  const texts = [
    inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null }),
    inspect(value, { depth: 12, compact: true, breakLength: Number.POSITIVE_INFINITY }),
    value instanceof Error ? `${value} ${value.message} ${value.stack}` : '',
    jsonOf(value),
  ];
  const all = texts.map((text) => text.replaceAll(/\s+/g, ' ')).join('\n');
  return [...PIECES].filter((piece) => all.includes(piece)).slice(0, 3);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => {
      printed.push(inspect(words, { depth: 12 }));
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs something, and looks at whatever it gives, an error with all its causes. Returns whether it failed. */
async function shows(what: string, act: () => unknown): Promise<boolean> {
  let given: unknown;
  let failed = false;
  try {
    given = await act();
  } catch (error) {
    given = error;
    failed = true;
  }
  expect({ what, leaks: leaksOf(given), printed: leaksOf(printed) }).toEqual({
    ...{ what, leaks: [], printed: [] },
  });
  if (!failed) return false;
  for (let cause: unknown = given; cause instanceof Error; cause = cause.cause) {
    expect({ what, leaks: leaksOf(cause) }).toEqual({ what, leaks: [] });
  }
  return true;
}

async function fails(what: string, act: () => unknown): Promise<void> {
  expect({ what, failed: await shows(what, act) }).toEqual({ what, failed: true });
}

test('the check itself finds a secret in every form, and in what hides it badly', () => {
  for (const form of FORMS) expect(leaksOf({ deep: [new Error(`no: ${form}`)] })).not.toEqual([]);
  expect(leaksOf(Object.defineProperty({}, 'hidden', { value: SECRET }))).not.toEqual([]);
  expect(leaksOf(new Error('outside', { cause: KEY }))).not.toEqual([]);
  expect(leaksOf(new Error(`Unexpected token, "${SECRET.slice(0, 10)}"...`))).not.toEqual([]);
  expect(leaksOf({ code: 'permission-denied' })).toEqual([]);
});

describe('layers', () => {
  const wrongKeys: readonly EncryptOptions[] = [
    { key: KEY.subarray(1) },
    { key: SECRET as never },
    { key: KEY, passphrase: SECRET },
    { passphrase: SECRET, encryption: { keyDerivation: 'scrypt' as never } },
    { passphrase: [SECRET] as never },
    { keyProvider: { key: SECRET } as never },
    { keyProvider: SECRET as never },
  ];

  test('show no key and no passphrase, whatever is wrong with it', async () => {
    for (const [at, options] of wrongKeys.entries()) {
      await fails(`options ${at}`, () =>
        createEncrypted({ underlying: createMemory(), ...options }),
      );
    }
    for (const make of [
      () => singleKey(KEY.subarray(2)),
      () => keyRing({ current: 'a', keys: { a: KEY.subarray(2) } }),
      () => passphraseKeys(SECRET, { keyDerivation: 'none' as never }),
    ]) {
      await fails('a provider of keys', make);
    }
    for (const make of [
      () => singleKey(KEY),
      () => keyRing({ current: 'a', keys: { a: KEY } }),
      () => keyChain(passphraseKeys(SECRET), singleKey(KEY)),
      () => createEncrypted({ underlying: createMemory(), key: KEY }),
      () => createEncrypted({ underlying: createMemory(), passphrase: SECRET }).getInfo(),
    ]) {
      await shows('what was made', make);
    }
  });

  test('show neither content nor keys when something is damaged, refused or not to be opened', async () => {
    const below = createMemory();
    const storage = createEncrypted({ underlying: below, key: KEY });
    await storage.save('a', { text: SECRET }, { metadata: { note: SECRET }, tags: [SECRET] });
    await storage.put('text', SECRET, { contentType: 'application/json' });
    await shows('what stands below', () => below.get('a'));
    await fails('no JSON', () => storage.load('text'));
    const other = createEncrypted({ underlying: below, passphrase: SECRET });
    await fails('another key', () => other.load('a'));
    const stored = await (await below.get('a')).bytes();
    for (const at of [20, 70, 130, 300, 500, 560, stored.length - 1]) {
      const bad = stored.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      await below.put('bad', bad);
      await fails(`a change at ${at}`, () => storage.load('bad'));
    }
    const vault = createVault({ driver: memoryDriver() });
    for await (const { results } of rewrap(below, { keyProvider: vaultKeys(vault, 'x') })) {
      await shows('results of rewrap', () => results);
    }
    const read: unknown[] = [];
    for await (const finding of verifyStore(storage)) read.push(finding);
    await shows('findings', () => read);

    const plain = createMemory();
    await plain.put('secret', SECRET);
    const damaging = createCompressed({ underlying: plain, foreign: 'refuse' });
    await fails('what is not compressed', () => damaging.load('secret'));
    const checked = createVerified({ underlying: plain, unchecked: 'refuse' });
    await fails('a range', () => checked.get('secret', { range: { offset: 99 } }));
    const refusing = createValidated({
      underlying: createMemory(),
      rules: {
        'size/*': { maxBytes: 3 },
        'type/*': { contentTypes: ['image/*'], contentTypeByContent: true },
        'json/*': {
          schema: {
            '~standard': {
              ...{ version: 1, vendor: 'test' },
              validate: () => ({ issues: [{ message: 'no' }] }),
            },
          },
        },
        'scan/*': {
          scanner: {
            scan: async () => ({ verdict: 'infected', signature: 'Test' }),
          },
        },
      },
    });
    for (const key of ['size/a', 'type/a.png', 'json/a', 'scan/a']) {
      await fails(key, () => refusing.put(key, SECRET));
    }
    await fails('a quota', () =>
      createLimited({ underlying: createMemory(), maxBytes: 3 }).put('a', SECRET),
    );
    await fails('a hold', async () => {
      const held = createShredding({ underlying: createMemory(), mayDelete: () => false });
      await held.put('a', SECRET);
      await held.delete('a');
    });
    await fails('a time', () =>
      createExpiring({ underlying: createMemory(), ttl: SECRET as never }),
    );
  });
});

/** Fields of all layers, as the schema for editors has them. */
function layerFields(): readonly (readonly [string, string])[] {
  const found: [string, string][] = [];
  function walk(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { readonly properties?: Readonly<Record<string, unknown>> };
    if (properties !== undefined && 'encrypt' in properties && 'quota' in properties) {
      for (const [layer, options] of Object.entries(properties)) {
        const own = (options as { readonly properties?: object }).properties ?? {};
        for (const field of Object.keys(own)) found.push([layer, field]);
      }
    }
    for (const value of Object.values(node)) walk(value);
  }
  walk(configSchema());
  return found;
}

describe('storage.yaml', () => {
  const open = (main: object, layers = storageLayers()) => {
    const text = JSON.stringify({ storage: { providers: { main } } });
    return openStores(parseConfig(text), { backends: BACKENDS, layers, env: { SECRET } });
  };

  test('shows no value of an option of any layer, written or from a variable', async () => {
    // These are names of stores, which messages say.
    const fields = layerFields().filter(([, field]) => !['copies', 'repair'].includes(field));
    expect(fields.length).toBeGreaterThan(30);
    for (const [layer, field] of fields) {
      for (const written of [SECRET, `\${SECRET}`]) {
        for (const value of [written, [written], { '*': written }, [{ key: written }]]) {
          const main = { type: 'memory', layers: [{ [layer]: { [field]: value } }] };
          const what = `${layer}.${field} ${JSON.stringify(value)}`;
          await shows(what, () => open(main).check());
          await shows(what, () => open(main));
        }
      }
    }
  });

  test('shows no value of an option of any backend, nor of its URL', async () => {
    const names = [
      ...['accessKeyId', 'secret_access_key', 'sessionToken', 'connectionString', 'accountKey'],
      ...['account_key', 'sas', 'key', 'anon_key', 'credentials', 'password', 'accessToken'],
      ...['keyFilename', 'client_secret', 'nonsense'],
    ];
    for (const type of ['memory', 'fs', 's3', 'azure', 'gcs', 'supabase']) {
      for (const name of names) {
        for (const value of [`\${SECRET}`, [`\${SECRET}`], { a: `\${SECRET}` }]) {
          const config = { bucket: 'b', container: 'c', url: 'https://x.example', [name]: value };
          await shows(`${type} ${name}`, () => open({ type, config }).check());
        }
      }
    }
    const signs = encodeURIComponent(SECRET);
    for (const scheme of ['memory', 'file', 's3', 'az', 'gs', 'supabase', 'nothing']) {
      for (const url of [
        `${scheme}://user:${signs}@place/b?key=${signs}&token=${signs}`,
        `${scheme}://place:99999/${'%'}?secret_access_key=${signs}`,
        `${scheme}://[::1?sas=${signs}`,
      ]) {
        await shows(url.replaceAll(signs, '…'), () => open({ url }).check());
        await shows(`openStorage ${scheme}`, () => openStorage(url, { backends: BACKENDS }));
      }
    }
  });

  test('shows nothing of a file that is no YAML', async () => {
    for (const text of [
      `storage: { providers: { main: { type: memory, config: { key: ${SECRET}`,
      `storage:\n  providers:\n\tpassword: ${SECRET}\n`,
      `storage:\n  key: "${SECRET}\n`,
      `key: ${SECRET}\nkey: ${SECRET}\n`,
      `key: !secret ${SECRET}\n`,
      `{ "storage": { "key": "${SECRET}", } `,
    ]) {
      await fails('a file', () => parseConfig(text));
    }
  });

  test('shows no key that it hands on', async () => {
    await shows('options', () => encryptionOptions({ passphrase: SECRET }));
    const key = Buffer.from(KEY).toString('base64');
    await shows('a key', () => encryptionOptions({ key, older: [{ passphrase: SECRET }] }));
    await fails('no key', () => encryptionOptions({ key: SECRET.slice(1) }));
    await shows('stores', () =>
      open({ type: 'memory', layers: [{ encrypt: { passphrase: `\${SECRET}` } }] }).get('main'),
    );
  });
});

describe('credentials', () => {
  /** A driver that quotes what it is given in every failure. */
  function quoting(operation: keyof VaultDriver): VaultDriver {
    const driver = memoryDriver();
    const fail = (...words: readonly unknown[]): Promise<never> =>
      Promise.reject(new Error(`cannot ${String(operation)} ${SECRET} ${words.join(' ')}`));
    return { ...driver, [operation]: fail };
  }

  test('show no secret when a driver quotes it, in any operation', async () => {
    for (const broken of ['open', 'read', 'write', 'remove', 'entries', 'exclusively'] as const) {
      const vault = createVault({ driver: quoting(broken) });
      for (const [what, act] of Object.entries({
        set: () => vault.set('a', SECRET),
        get: () => vault.get('a'),
        has: () => vault.has('a'),
        delete: () => vault.delete('a'),
        list: () => vault.list(),
        rotate: () => vault.rotate('a', () => SECRET),
        key: () => vault.key('k'),
        rotateKey: () => vault.rotateKey('k'),
        deleteKey: () => vault.deleteKey('k'),
        listKeys: () => vault.listKeys(),
        importFrom: () => vault.importFrom(quoting(broken)),
        getInfo: () => vault.getInfo(),
        close: () => vault.close(),
      })) {
        await shows(`${what} while ${broken} fails`, act);
      }
    }
  });

  test('show no secret that they hold, refuse, rotate or cannot read', async () => {
    const driver = memoryDriver();
    const vault = createVault({ driver });
    await vault.set('a', SECRET);
    await shows('a secret', () => vault.get('a'));
    await shows('all of it', async () => [vault, await vault.list(), await vault.getInfo()]);
    const data = createVault({ driver: memoryDriver() });
    await shows('a data key', () => data.key('k'));
    await fails('too long', () => vault.set('a', SECRET.repeat(9000)));
    await fails('no text', () => vault.set('a', { SECRET } as never));
    await fails('rotation', () =>
      vault.rotate('a', () => {
        throw new Error('not now');
      }),
    );
    const [entry = ''] = await driver.entries();
    for (const text of [SECRET, `{"${SECRET}`, `{"v":1,"secret":"${SECRET}"`]) {
      await driver.exclusively(() => driver.write(entry, text));
      await shows('a record of somebody else', () => vault.get('a'));
    }
  });

  test('show no passphrase of a file, and nothing that stands in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'granary-secrets-'));
    try {
      const path = join(folder, 'v.json');
      const keyFile = join(folder, 'key');
      const vaultOf = (file: object) =>
        createNodeVault({ driver: 'file', folder, file: { path, iterations: 600_000, ...file } });
      const vault = vaultOf({ passphrase: SECRET, keyDerivation: 'PBKDF2' });
      await vault.set('a', SECRET);
      await shows('the vault', async () => [vault, await vault.getInfo(), await vault.get('a')]);
      await fails('a wrong passphrase', () => vaultOf({ passphrase: `${SECRET}!` }).get('a'));
      await fails('unlocking', () => vaultOf({}).unlock(`${SECRET}?`));
      await fails('changing', () => vault.changePassphrase(`${SECRET}?`, SECRET));
      expect(leaksOf(readFileSync(path, 'utf8'))).toEqual([]);
      for (const text of [SECRET, `{"format":"${SECRET}`, JSON.stringify({ key: SECRET })]) {
        writeFileSync(path, text, { mode: 0o600 });
        await fails('a file that is none', () => vaultOf({ passphrase: SECRET }).get('a'));
      }
      await createKeyFile(keyFile);
      writeFileSync(keyFile, SECRET, { mode: 0o600 });
      await fails('a key file', () => vaultOf({ keyFile }).get('a'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('sign-in', () => {
  const provider = openId({
    ...{ issuer: 'https://id.example', clientId: 'me', clientSecret: SECRET },
    endpoints: { authorization: 'https://id.example/a', token: 'https://id.example/t' },
  });
  const ANSWERS: Readonly<Record<string, () => Response | Promise<never>>> = {
    refused: () =>
      Response.json(
        { error: 'invalid_grant', error_description: `The token ${SECRET} is revoked.` },
        { status: 400 },
      ),
    'a page': () => new Response(`<html>${SECRET}</html>`, { status: 502 }),
    'half of JSON': () => new Response(`{"access_token":"${SECRET}`),
    'a token of no kind': () => Response.json({ access_token: SECRET, token_type: 7 }),
    'a failing network': () => Promise.reject(new TypeError('fetch failed')),
  };

  function signIn(answer: () => Response | Promise<never>, store = createMemory()) {
    return createSignIn({
      provider,
      store: { storage: store, allowPlain: true },
      fetch: (async () => answer()) as typeof globalThis.fetch,
      flow: {
        name: 'test',
        signIn: async (_client, { scopes }) => ({
          ...{ accessToken: SECRET, refreshToken: SECRET, scopes, expiresAt: Date.now() + 9e6 },
        }),
      },
    });
  }

  test('shows no token and no client secret, however the provider answers', async () => {
    for (const [what, answer] of Object.entries(ANSWERS)) {
      const auth = signIn(answer);
      await shows('a sign-in', () => auth.signIn({ account: 'ann' }));
      await shows('accounts', async () => [auth, await auth.accounts()]);
      await shows('a token', async () => [auth.tokenSource('ann'), await auth.getToken()]);
      await shows(what, () => auth.getToken({ refresh: true }));
      await shows(`${what}, signing out`, () => auth.signOut());
    }
  });

  test('shows no token of a record that cannot be read', async () => {
    const store = createMemory();
    const auth = signIn(() => Response.json({}), store);
    await auth.signIn({ account: 'ann' });
    const [key = ''] = (await Array.fromAsync(store.list())).map((entry) => entry.key);
    for (const text of [SECRET, `{"refreshToken":"${SECRET}`, JSON.stringify([SECRET])]) {
      await store.put(key, text);
      await shows('a record', () => signIn(() => Response.json({}), store).getToken());
      await shows('accounts', () => signIn(() => Response.json({}), store).accounts());
    }
  });

  test('shows no client secret of any provider', async () => {
    for (const [name, make] of Object.entries({
      google: () => google({ clientId: 'me', clientSecret: SECRET }),
      microsoft: () => microsoft({ clientId: 'me' }),
      dropbox: () => dropbox({ appKey: 'me' }),
      openId: () => provider,
    })) {
      await shows(name, make);
    }
  });
});

test('a storage shows no secret of its provider, and keeps content out of errors of values', async () => {
  const storage = createStorage(
    createS3.provider({
      ...{ bucket: 'b', region: 'eu-west-1', accessKeyId: 'AKIA', secretAccessKey: SECRET },
    }),
  );
  await shows('a storage', () => [storage, storage.getInfo(), storage.getCapabilities()]);
  const memory = createMemory();
  for (const [key, contentType] of [
    ['a.json', 'application/json'],
    ['a.yaml', 'application/yaml'],
  ] as const) {
    await memory.put(key, `{ "a": ${SECRET}, [ "`, { contentType });
    await fails(key, () => memory.load(key));
    await fails(`${key} of get`, async () => (await memory.get(key)).json());
  }
});
