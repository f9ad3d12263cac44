import { createVault, memoryDriver } from '@granary/storage-credentials';
import { memoryTokenStore, type SignInFlow } from '@granary/storage-oauth';
import { createSignIn, dropbox } from '@granary/storage-oauth/node';
import { describe, expect, test, vi } from 'vitest';
import { type DriveSignIn, laterSignIn, laterVault, ofAccount } from './drive-sign-in.ts';

let granted = 0;
const FLOW: SignInFlow = {
  name: 'test',
  async signIn() {
    granted += 1;
    return { accessToken: `access-${granted}`, scopes: [] };
  },
};

const signInOver = (store = memoryTokenStore()): DriveSignIn =>
  createSignIn({ provider: dropbox({ appKey: 'key' }), store, flow: FLOW });

describe('laterVault', () => {
  test('is loaded with its first use, once, and again after a failure', async () => {
    const vault = createVault({ driver: memoryDriver() });
    const load = vi.fn(async () => vault);
    load.mockRejectedValueOnce(new Error('no keychain'));
    const later = laterVault(load);
    const name = { service: 'a', account: 'b' };
    expect(load).not.toHaveBeenCalled();
    await expect(later.list()).rejects.toThrow('no keychain');
    await later.set(name, 'one');
    await later.rotate(name, ({ current }) => `${current.reveal()} and two`);
    expect((await later.get(name))?.reveal()).toBe('one and two');
    expect(await later.list()).toMatchObject([name]);
    expect(await later.delete(name)).toBe(true);
    expect(load).toHaveBeenCalledTimes(2);
  });
});

describe('laterSignIn', () => {
  test('hands every call on, and loads with the first', async () => {
    const load = vi.fn(async () => signInOver());
    const later = laterSignIn(load);
    const work = later.tokenSource('work');
    expect(load).not.toHaveBeenCalled();
    expect(await later.resume()).toBeUndefined();
    await later.signIn({ account: 'work' });
    await later.signIn({ account: 'home' });
    expect((await later.accounts()).map(({ id }) => id)).toEqual(['home', 'work']);
    await later.setDefault('work');
    expect(await later.getToken()).toEqual(await work.getToken({}));
    expect(await later.signOut('work')).toMatchObject({ account: 'work' });
    await expect(work.getToken({})).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(load).toHaveBeenCalledTimes(1);
  });
});

describe('ofAccount', () => {
  test('means one account where none is named', async () => {
    const all = signInOver();
    const work = ofAccount(all, 'work');
    expect(ofAccount(all, undefined)).toBe(all);
    await all.signIn({ account: 'home' });
    await expect(work.getToken()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await work.signIn()).toMatchObject({ id: 'work' });
    await work.setDefault('home');
    expect((await work.getToken()).token).not.toBe((await all.getToken()).token);
    expect(await work.tokenSource('home').getToken({})).toEqual(await all.getToken());
    expect(await work.resume()).toBeUndefined();
    expect((await work.accounts()).map(({ id }) => id)).toEqual(['home', 'work']);
    expect(await work.signOut()).toMatchObject({ account: 'work' });
    expect((await work.accounts()).map(({ id }) => id)).toEqual(['home']);
  });
});
