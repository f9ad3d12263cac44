import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startKept } from './kept-server.ts';
import { fact } from './servers/server.ts';
import type { ServiceOptions } from './start-s3.ts';

const run = promisify(execFile);

/** A Secret Service, the keychain of Linux desktops, with nothing in it. */
export interface SecretService {
  /**
   * Variables that make a program use it: the address of its bus and folders of its own. A program that
   * runs already reads them before its first use of the keychain only.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** Locks the collection, as a desktop does after a while. Nobody is there to unlock it. */
  lock(): Promise<void>;
  /** Ends the service and its bus and waits until they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts a Secret Service (GNOME's) on a bus of its own. It ends with this process, however that
 * ends. That of the person who runs the tests is never used.
 */
export async function startSecretService({
  env = process.env,
}: ServiceOptions = {}): Promise<SecretService> {
  const { facts, stop } = await startKept('secret-service', env);
  const address = fact(facts, 'address');
  const home = fact(facts, 'home');
  return {
    variables: {
      DBUS_SESSION_BUS_ADDRESS: address,
      HOME: home,
      XDG_DATA_HOME: join(home, '.local', 'share'),
      XDG_RUNTIME_DIR: fact(facts, 'runtime'),
    },
    async lock() {
      await run('dbus-send', [
        ...[`--bus=${address}`, '--print-reply', '--dest=org.freedesktop.secrets'],
        ...['/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock'],
        'array:objpath:/org/freedesktop/secrets/collection/login',
      ]);
    },
    stop,
  };
}
