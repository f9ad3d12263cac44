import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProcessResult, startGranary } from './spawn-granary.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const LINE_BREAK = '\r';
/** Gives a program a terminal. */
const SCRIPT = 'script';

let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-config-'));
  folder = join(root, 'work');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const STORES = `# yaml-language-server: $schema=./storage.schema.json
storage:
  providers:
    secure:
      type: local
      config: { base_path: ./kept }
      layers:
        - compress: { always: true }
        - encrypt: { passphrase: "\${DOCS_PASSPHRASE}" }
    vaulted:
      type: local
      config: { base_path: ./vaulted }
      layers: [encrypt]
`;

/** Runs the program in a process, with the encrypted file as its vault. */
function granary(
  words: string,
  env: Record<string, string> = {},
  input = '',
): Promise<ProcessResult> {
  const { child, ended } = startGranary(words.split(' '), folder, {
    env: { ...vaultVariables(), GRANARY_VAULT_PASSPHRASE: 'correct horse', ...env },
  });
  child.stdin?.end(input);
  return ended;
}

function vaultVariables(): Record<string, string> {
  return { GRANARY_VAULT_DRIVER: 'file', GRANARY_VAULT_FOLDER: join(root, 'vaults') };
}

/** Runs the program on a terminal and types an answer after each prompt. Returns what the terminal showed. */
function onTerminal(
  words: string,
  answers: readonly (readonly [prompt: RegExp, answer: string])[],
  env: Record<string, string> = {},
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const line = `'${process.execPath}' --conditions=@granary/source '${MAIN}' ${words}`;
  const child = spawn(SCRIPT, ['-qefc', line, join(root, 'typescript')], {
    cwd: folder,
    env: { ...process.env, ...vaultVariables(), NO_COLOR: '1', TERM: 'xterm', ...env },
    stdio: 'pipe',
  });
  const left = [...answers];
  let shown = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const [next] = left;
    if (next?.[0].test(shown.slice(seen)) !== true) return;
    left.shift();
    seen = shown.length;
    child.stdin.write(next[1]);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, shown }));
  });
}

describe('stores of a file, in processes of their own', () => {
  test('encrypt and compress what is copied to them, and give it back', async () => {
    const text = 'top secret '.repeat(10_000);
    writeFileSync(join(folder, 'storage.yaml'), STORES);
    mkdirSync(join(folder, 'x'));
    writeFileSync(join(folder, 'x/a.txt'), text);
    const env = { DOCS_PASSPHRASE: 'hunter2 hunter2' };
    expect(await granary('cp -r x secure:docs/', env)).toMatchObject({ code: 0 });
    const stored = readFileSync(join(folder, 'kept/docs/a.txt'));
    expect(stored.includes('secret')).toBe(false);
    expect(stored.byteLength).toBeLessThan(text.length / 10);
    expect(await granary('cat secure:docs/a.txt', env)).toMatchObject({ code: 0, out: text });
    expect((await granary('check x secure:docs', env)).code).toBe(0);

    const wrong = await granary('cat secure:docs/a.txt', { DOCS_PASSPHRASE: 'hunter3' });
    expect(wrong).toMatchObject({ code: 4, out: '' });
    const missing = await granary('cp x/a.txt secure:b.txt');
    expect(missing).toMatchObject({
      code: 2,
      err: expect.stringContaining('DOCS_PASSPHRASE is not set'),
    });
    expect([wrong.err, missing.err].join()).not.toContain('hunter');
  }, 120_000);

  test('take their key from the vault, also after it was rotated', async () => {
    writeFileSync(join(folder, 'storage.yaml'), STORES);
    expect(await granary('put - vaulted:a.txt', {}, 'first')).toMatchObject({ code: 0 });
    expect((await granary('keys')).out).toMatch(/^key {2}storage {2}version 1 /);
    expect(await granary('keys rotate storage')).toMatchObject({ code: 0 });
    expect(await granary('put - vaulted:b.txt', {}, 'second')).toMatchObject({ code: 0 });
    expect((await granary('cat vaulted:a.txt vaulted:b.txt')).out).toBe('firstsecond');
    expect(await granary('cat vaulted:a.txt', { GRANARY_VAULT_PASSPHRASE: 'no' })).toMatchObject({
      code: 4,
      out: '',
    });
  }, 120_000);

  test('take secrets from the input, never from a word', async () => {
    expect(await granary('keys add github', {}, 'hunter2\n')).toMatchObject({ code: 0, out: '' });
    expect(await granary('keys add github hunter2')).toMatchObject({ code: 2 });
  }, 120_000);
});

describe('on a terminal', () => {
  const hasScript = spawnSync(SCRIPT, ['-qec', 'true', '/dev/null']).status === 0;

  test('secrets and passphrases are typed without being shown', async ({ skip }) => {
    skip(!hasScript, 'the script command of util-linux is not installed');
    const [passphrase, secret] = ['correct horse', 'hunter2'].map((word) => word + LINE_BREAK);
    const made = await onTerminal('keys add github', [
      [/Secret for github: $/, secret ?? ''],
      [/Secret for github, again: $/, secret ?? ''],
      [/New passphrase for the vault in \S+: $/, passphrase ?? ''],
      [/again: $/, passphrase ?? ''],
    ]);
    expect(made).toMatchObject({
      code: 0,
      shown: expect.stringContaining('Stored the secret for github.'),
    });
    expect(made.shown).not.toMatch(/hunter2|correct horse/);
    expect(await granary('keys')).toMatchObject({ code: 0, out: 'secret  github\n' });

    const next = `battery staple${LINE_BREAK}`;
    const changed = await onTerminal('keys passphrase', [
      [/Passphrase of the vault: $/, passphrase ?? ''],
      [/New passphrase: $/, next],
      [/New passphrase, again: $/, next],
    ]);
    expect(changed).toMatchObject({ code: 0 });
    expect(changed.shown).not.toMatch(/staple|horse/);
    expect((await granary('keys')).code).toBe(4);
    expect((await granary('keys', { GRANARY_VAULT_PASSPHRASE: 'battery staple' })).code).toBe(0);
  }, 120_000);

  test('two that differ change nothing, an interruption neither', async ({ skip }) => {
    skip(!hasScript, 'the script command of util-linux is not installed');
    const differing = await onTerminal('keys add github', [
      [/github: $/, `one${LINE_BREAK}`],
      [/again: $/, `two${LINE_BREAK}`],
    ]);
    expect(differing).toMatchObject({
      code: 2,
      shown: expect.stringContaining('the two are not the same.'),
    });
    const interrupted = await onTerminal('keys add github', [[/github: $/, '\u0003']]);
    expect(interrupted.code).toBe(130);
    expect((await granary('keys')).out).toBe('');
  }, 120_000);

  test('what is removed is asked about first', async ({ skip }) => {
    skip(!hasScript, 'the script command of util-linux is not installed');
    await granary('keys create storage');
    const env = { GRANARY_VAULT_PASSPHRASE: 'correct horse' };
    const kept = await onTerminal('keys destroy storage', [[/\[y\/N\] /, `n${LINE_BREAK}`]], env);
    expect(kept.shown).toContain('Nothing was changed.');
    expect((await granary('keys')).out).toContain('storage');
    const gone = await onTerminal('keys destroy storage', [[/\[y\/N\] /, `y${LINE_BREAK}`]], env);
    expect(gone).toMatchObject({
      code: 0,
      shown: expect.stringContaining('Destroyed the key storage.'),
    });
    expect((await granary('keys')).out).toBe('');
  }, 120_000);
});
