import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { StorageError } from '@granary/storage-core';

/** Opens an address in the browser of the system. */
export type OpenBrowser = (url: string) => void | Promise<void>;

/** The program of each system that opens an address, and its arguments. No shell reads the address. */
const PROGRAMS: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
const OTHERS: readonly [command: string, ...args: string[]] = ['xdg-open'];

/** What {@link openBrowser} runs. */
export interface Launcher {
  readonly platform: string;
  readonly spawn: typeof spawn;
}

/**
 * Opens an address of http or https in the person's browser, and does not wait for it.
 * Errors: `unavailable` where there is no program that could.
 */
export async function openBrowser(
  url: string,
  launcher: Launcher = { platform: process.platform, spawn },
): Promise<void> {
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw unavailable('it is no web address');
  const [command, ...args] = PROGRAMS[launcher.platform] ?? OTHERS;
  try {
    const child = launcher.spawn(command, [...args, href], { stdio: 'ignore', detached: true });
    await once(child, 'spawn');
    child.unref();
  } catch {
    throw unavailable(`${command} could not be started`);
  }
}

function unavailable(why: string): StorageError {
  return new StorageError('unavailable', `no browser could be opened: ${why}.`, {
    operation: 'signIn',
    outcome: 'not-applied',
    retryable: false,
    hint: 'Give loopback({ open }) that shows the address, or sign in with deviceCode().',
  });
}
