// What the tests call in a tab: one vault over the database of the origin.
import { createVault, type Vault } from '../../src/browser.ts';

let vault: Vault = createVault();

export async function start(passphrase?: string): Promise<void> {
  await vault.close();
  vault = createVault(passphrase === undefined ? {} : { passphrase });
}

export const set = (name: string, secret: string): Promise<void> => vault.set(name, secret);

export async function get(name: string): Promise<string | undefined> {
  return (await vault.get(name))?.reveal();
}

export async function key(name: string): Promise<readonly number[]> {
  return [...(await vault.key(name))];
}

export async function setMany(prefix: string, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) await vault.set(`${prefix}${number}`, prefix);
}

export const names = async (): Promise<number> => (await vault.list()).length;

export async function rotate(name: string): Promise<string> {
  try {
    const secret = await vault.rotate(name, ({ current }) => `${current.reveal()}+`);
    return secret.reveal();
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}
