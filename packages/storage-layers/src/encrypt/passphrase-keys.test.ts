import { expect, test, vi } from 'vitest';
import { passphraseKeys } from './passphrase-keys.ts';

const derivation = { name: 'PBKDF2', iterations: 1000, salt: new Uint8Array(16) } as const;
const fileKey = () => crypto.getRandomValues(new Uint8Array(32));

test('asks for the passphrase once, and again after an empty answer', async () => {
  const answers = ['', 'correct horse'];
  const ask = vi.fn(async () => answers.shift() ?? 'never');
  const keys = passphraseKeys(ask, { derivation });
  await expect(keys.wrap(fileKey(), {})).rejects.toMatchObject({
    code: 'permission-denied',
    hint: expect.stringContaining('passphrase'),
  });
  const plain = fileKey();
  const wrapped = await keys.wrap(plain, {});
  expect(await keys.unwrap(wrapped, {})).toEqual(plain);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('surfaces what asking for the passphrase failed with', async () => {
  const ask = vi.fn().mockRejectedValueOnce(new Error('dismissed')).mockResolvedValue('x');
  const keys = passphraseKeys(ask, { derivation });
  await expect(keys.wrap(fileKey(), {})).rejects.toThrow('dismissed');
  expect((await keys.wrap(fileKey(), {})).derivation).toEqual(derivation);
});

test('opens nothing of another passphrase, nor what has no derivation', async () => {
  const wrapped = await passphraseKeys('one', { derivation }).wrap(fileKey(), {});
  const other = passphraseKeys('two', { derivation });
  await expect(other.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'permission-denied' });
  const { derivation: _derivation, ...bare } = wrapped;
  await expect(other.unwrap(bare, {})).rejects.toMatchObject({ code: 'permission-denied' });
  expect(await other.isCurrent(bare)).toBe(false);
  expect(await other.isCurrent(wrapped)).toBe(false);
});

test('goes on with a salt of the store when the passphrase opens what stands there', async () => {
  const strong = { ...derivation, iterations: 600_000 };
  const first = await passphraseKeys('one', { derivation: strong }).wrap(fileKey(), {});
  const sample = async () => first;
  expect((await passphraseKeys('one').wrap(fileKey(), { sample })).derivation).toEqual(strong);
  const other = await passphraseKeys('two').wrap(fileKey(), { sample });
  expect(other.derivation?.salt).not.toEqual(strong.salt);
  const weak = await passphraseKeys('one', { derivation }).wrap(fileKey(), {});
  const fresh = await passphraseKeys('one').wrap(fileKey(), { sample: async () => weak });
  expect(fresh.derivation?.iterations).toBe(600_000);
});
