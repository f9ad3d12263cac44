import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import type { HostSettings } from './memory-host.ts';
import { useSandbox } from './run-granary.ts';

// Each command derives the key of the vault from its passphrase, which takes its time on purpose.
vi.setConfig({ testTimeout: 60_000 });
const sandbox = useSandbox();
const at = (path: string): string => join(sandbox.folder, path);

/** Runs a command line with the encrypted file as the vault. */
function run(words: string | readonly string[], settings: HostSettings = {}) {
  const env = {
    GRANARY_VAULT_DRIVER: 'file',
    GRANARY_VAULT_FOLDER: at('../vaults'),
    GRANARY_VAULT_PASSPHRASE: 'correct horse',
    SECRET_OF_ENV: 'hunter3',
    ...settings.env,
  };
  return sandbox.run(words, { ...settings, env });
}

/** A terminal on which these lines are typed, each after a prompt that ends so. */
function typing(answers: readonly (readonly [prompt: string, line: string])[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const left = [...answers];
  let shown = '';
  stderr.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const [next] = left;
    if (next === undefined || !stripVTControlCharacters(shown).endsWith(next[0])) return;
    left.shift();
    stdin.write(`${next[1]}\r`);
  });
  return { settings: { isTTY: true, stdin, stderr }, shown: () => shown };
}

describe('granary keys', () => {
  test('asks before something goes for good', async () => {
    await run('keys create storage');
    const no = typing([['[y/N] ', 'n']]);
    expect((await run('keys destroy storage', no.settings)).code).toBe(0);
    expect(no.shown()).toContain('Nothing was changed.');
    const yes = typing([['[y/N] ', 'yes']]);
    expect((await run('keys destroy storage', yes.settings)).code).toBe(0);
    expect(yes.shown()).toContain('Destroyed the key storage.');
    await run('keys add github', { input: 'hunter2' });
    expect((await run('keys remove github', typing([['[y/N] ', 'n']]).settings)).code).toBe(0);
    expect((await run('keys')).out).toBe('secret  github\n');
  });

  test('changes the passphrase of the file', async () => {
    await run('keys create storage');
    const typed = typing([
      ['New passphrase: ', 'battery staple'],
      ['again: ', 'battery staple'],
    ]);
    expect((await run('keys passphrase', typed.settings)).code).toBe(0);
    expect(typed.shown()).toContain('The vault has a new passphrase.');
    expect((await run('keys')).code).toBe(4);
    const env = { GRANARY_VAULT_PASSPHRASE: 'battery staple' };
    expect((await run('keys', { env })).out).toContain('storage');
    const wrong = typing([['Passphrase of the vault: ', 'no']]);
    const none = { GRANARY_VAULT_PASSPHRASE: '' };
    expect((await run('keys passphrase', { ...wrong.settings, env: none })).code).toBe(4);
  });

  test('makes, lists, rotates and destroys keys', async () => {
    expect(await run('keys')).toMatchObject({ code: 0, out: '', err: 'The vault is empty.\n' });
    expect(await run('keys create storage')).toMatchObject({
      code: 0,
      err: 'Made the key storage. What it encrypts is lost without it.\n',
    });
    expect(await run('keys create storage')).toMatchObject({
      code: 8,
      err: expect.stringContaining('hint: granary keys rotate storage makes a new version of it.'),
    });
    expect((await run('keys rotate storage --json')).records).toEqual([
      { type: 'key', kind: 'key', name: 'storage', version: 2 },
    ]);
    expect((await run('keys list')).out).toMatch(
      /^key {2}storage {2}version 2 {2}\S+ \S+ {2}current\nkey {2}storage {2}version 1 {2}\S+ \S+ {2}old\n$/,
    );
    expect((await run('keys --json')).records).toMatchObject([
      { type: 'key', kind: 'key', name: 'storage', version: 2, isCurrent: true },
      { type: 'key', kind: 'key', name: 'storage', version: 1, isCurrent: false },
    ]);
    expect(await run('keys destroy storage')).toMatchObject({
      code: 2,
      err: expect.stringContaining('hint: Add --yes.'),
    });
    expect((await run('keys destroy storage --yes')).err).toBe('Destroyed the key storage.\n');
    expect((await run('keys')).out).toBe('');
    for (const action of ['rotate', 'destroy']) {
      expect(await run(['keys', action, 'storage', '-y'])).toMatchObject({
        code: 3,
        err: expect.stringContaining('there is no key "storage".'),
      });
    }
  });

  test('leaves what no key here opens, and what is damaged, to be deleted', async () => {
    const place = (base: string) => `{ type: filesystem, config: { base_path: ./${base} }`;
    writeFileSync(
      at('storage.yaml'),
      `storage: { providers: { ss: ${place('ss')}, layers: [compress, encrypt: { key: "\${KEY}" }] } } }`,
    );
    writeFileSync(at('x.txt'), 'content');
    const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
    const under = { env: { KEY: key(1) } };
    for (const name of ['a', 'd/b', 'd/c']) await run(`put x.txt ss:${name} --tag t`, under);
    writeFileSync(at('ss/d/c'), 'no encrypted object');
    await run('put x.txt ss:d/d', under);
    const copied = await run('cp -r ss:d out --json', under);
    expect(copied.code).toBe(1);
    expect(copied.records.at(-1)).toMatchObject({ type: 'summary', done: 2, failed: 1 });
    const other = { env: { KEY: key(2) } };
    expect((await run('cat ss:a', other)).code).toBe(4);
    expect(await run('rm ss:a', other)).toMatchObject({ code: 0, err: 'Deleted 1 object.\n' });
    expect((await run('rm ss:a', other)).code).toBe(3);
    expect((await run('rm -f ss:a', other)).code).toBe(0);
    const rest = await run('rm -r -y ss:d', other);
    expect(rest).toMatchObject({ code: 0, err: 'Deleted 3 objects.\n' });
    expect((await run('ls -r ss:', other)).out).toBe('');
  });

  test('takes secrets from the input and from a variable, and shows none', async () => {
    const outs: string[] = [];
    const keep = async (words: string, settings: { input?: string } = {}): Promise<number> => {
      const { code, out, err } = await run(words, settings);
      outs.push(out, err);
      return code;
    };
    expect(await keep('keys add github', { input: 'hunter2\n' })).toBe(0);
    expect(await keep('keys add github --account me --env SECRET_OF_ENV')).toBe(0);
    expect(await keep('keys')).toBe(0);
    expect(await keep('keys --json')).toBe(0);
    expect(await keep('keys info --json')).toBe(0);
    expect(outs.join()).not.toContain('hunter');
    expect(outs[4]).toBe('secret  github\nsecret  github  me\n');
    expect(await keep('keys remove github --yes')).toBe(0);
    expect((await run('keys')).out).toBe('secret  github  me\n');
    expect(await keep('keys remove github -y')).toBe(3);
    expect(await keep('keys remove github --account me -y')).toBe(0);
    expect((await run('keys')).out).toBe('');
  });

  test.each([
    ['keys add', 'granary keys add needs a name.'],
    ['keys list x', 'granary keys list takes no name.'],
    ['keys ad x', '"ad" is nothing to do with keys.'],
    ['keys add x', 'the secret is empty.'],
    ['keys add x --env NOT_SET', '--env: the variable NOT_SET is not set.'],
    ['keys add x secret', "too many arguments for 'keys'."],
    ['keys passphrase', 'nobody can be asked.'],
  ])('refuses %s', async (words, message) => {
    const { code, err } = await run(words);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    expect(existsSync(at('../vaults'))).toBe(false);
  });

  test('refuses a secret that is too long, and a driver that is none', async () => {
    expect((await run('keys add x', { input: 'x'.repeat(65_537) })).err).toContain('too long');
    expect(await run('keys', { env: { GRANARY_VAULT_DRIVER: 'safe' } })).toMatchObject({
      code: 2,
      err: expect.stringContaining('GRANARY_VAULT_DRIVER: there is no driver "safe".'),
    });
  });

  test('says where the vault is, and what that protects from', async () => {
    const { out } = await run('keys info');
    expect(out).toMatch(/^vault +granary$/m);
    expect(out).toMatch(/^driver +file$/m);
    expect(out).toContain(at('../vaults/granary.vault.json').replace('work/../', ''));
    expect(out).toMatch(/^protects from +\S/m);
    expect(out).toMatch(/^but not from +\S/m);
  });

  test('opens the file with a key file or the right passphrase alone', async () => {
    await run('keys create storage');
    const text = readFileSync(at('../vaults/granary.vault.json'), 'utf8');
    expect(text).not.toContain('correct horse');
    expect(await run('keys', { env: { GRANARY_VAULT_PASSPHRASE: 'wrong' } })).toMatchObject({
      code: 4,
      err: expect.not.stringContaining('wrong horse'),
    });
    expect(await run('keys', { env: { GRANARY_VAULT_PASSPHRASE: '' } })).toMatchObject({
      code: 4,
      err: expect.stringContaining('hint: Set GRANARY_VAULT_PASSPHRASE or GRANARY_VAULT_KEY_FILE.'),
    });
    const key = at('vault.key');
    writeFileSync(key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
    const env = { GRANARY_VAULT: 'other', GRANARY_VAULT_KEY_FILE: key };
    expect((await run('keys create storage', { env })).code).toBe(0);
    expect((await run('keys', { env })).out).toContain('storage');
    expect(readdirSync(at('../vaults')).filter((name) => name.endsWith('.vault.json'))).toEqual([
      'granary.vault.json',
      'other.vault.json',
    ]);
  });

  test('encrypts what asks for it, in a store that leaves the rest plain', async () => {
    writeFileSync(
      at('storage.yaml'),
      `
storage:
  providers:
    some:
      type: local
      config: { base_path: kept }
      layers: [compress, encrypt: { mode: per-save }]
`,
    );
    const isPlain = (name: string) => readFileSync(at(`kept/${name}`), 'utf8') === 'secret';
    writeFileSync(at('file'), 'secret');
    for (const line of [
      ...['put file some:put --encrypt', 'cp file some:cp --encrypt', 'cp file some:plain'],
      ...[
        'cp some:plain some:within --encrypt',
        'cp some:put some:same',
        'mv file some:mv --encrypt',
      ],
    ]) {
      expect(await run(line)).toMatchObject({ code: 0 });
    }
    for (const name of ['put', 'cp', 'within', 'same', 'mv']) {
      expect([name, isPlain(name)]).toEqual([name, false]);
      expect((await run(`cat some:${name}`)).out).toBe('secret');
    }
    expect(isPlain('plain')).toBe(true);
    expect(await run('mv some:plain some:moved --encrypt')).toMatchObject({ code: 0 });
    expect([isPlain('moved'), existsSync(at('kept/plain'))]).toEqual([false, false]);
    const long = 'long '.repeat(1000);
    expect(await run('put - some:zipped --compress', { input: long })).toMatchObject({ code: 0 });
    expect(readFileSync(at('kept/zipped')).byteLength).toBeLessThan(long.length / 10);
    expect(await run('put storage.yaml other/x --encrypt')).toMatchObject({
      code: 2,
      err: expect.stringContaining('encrypt'),
    });
    expect(existsSync(at('other/x'))).toBe(false);
  });

  test('puts what a store holds under the current key', async () => {
    writeFileSync(
      at('storage.yaml'),
      `
storage:
  providers:
    secure:
      type: local
      config: { base_path: kept }
      layers: [{ compress: { always: true } }, encrypt]
    plain: { type: local, config: { base_path: kept } }
`,
    );
    for (const name of ['a.txt', 'docs/b.txt', 'docs/c.txt']) {
      expect((await run(`put - secure:${name}`, { input: name.repeat(100) })).code).toBe(0);
    }
    await run('put - plain:docs/plain.txt', { input: 'plain' });
    await run('keys rotate storage');
    expect(await run('keys rewrap secure:docs/')).toMatchObject({
      code: 0,
      out: 'not encrypted  docs/plain.txt\n',
      err: 'Put 2 objects under the current key; 1 not encrypted.\n',
    });
    const { records } = await run('keys rewrap secure: --json');
    expect(records.map(({ key, status }) => [key, status])).toEqual([
      ['a.txt', 'rewrapped'],
      ['docs/b.txt', 'current'],
      ['docs/c.txt', 'current'],
      ['docs/plain.txt', 'plain'],
      [undefined, undefined],
    ]);
    expect(records.at(-1)).toEqual({
      ...{ type: 'summary', action: 'rewrap', rewrapped: 1, current: 2, plain: 1, failed: 0 },
    });
    expect((await run('cat secure:docs/b.txt')).out).toBe('docs/b.txt'.repeat(100));
    await run('keys destroy storage -y');
    await run('keys create storage');
    const lost = await run('keys rewrap secure:a.txt');
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('permission-denied') });
    for (const word of ['plain:', 'nowhere/', 'memory:']) {
      expect(await run(['keys', 'rewrap', word])).toMatchObject({
        code: 2,
        err: expect.stringContaining('is in no store of storage.yaml that encrypts.'),
      });
    }
  });
});
