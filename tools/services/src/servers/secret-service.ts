import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessGroup } from '../processes.ts';
import type { Server } from './server.ts';

const START_TIMEOUT_MS = 20_000;
const PASSWORD = 'granary-test';
const BUS = 'org.freedesktop.DBus';
const SERVICE = 'org.freedesktop.secrets';

/**
 * A session bus on which nothing starts by itself: no other secret store, and no window that asks for
 * a password. As many connections as on a desktop's bus (session.conf of D-Bus).
 * https://dbus.freedesktop.org/doc/dbus-daemon.1.html (2026-11-21)
 */
function busConfig(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_incomplete_connections">10000</limit>
  <limit name="max_connections_per_user">100000</limit>
</busconfig>
`;
}

/** Whether a name has an owner on the bus. */
async function owns(processes: ProcessGroup, address: string, name: string): Promise<boolean> {
  const question = ['--print-reply', `--dest=${BUS}`, '/', `${BUS}.NameHasOwner`, `string:${name}`];
  try {
    return (await processes.run('dbus-send', [`--bus=${address}`, ...question])).includes('true');
  } catch {
    // Nobody listens yet.
    return false;
  }
}

/**
 * GNOME's Secret Service on a bus of its own, with an unlocked collection `login` as the default. Its
 * files, and the home of whoever uses it, stand in the server's folder.
 * https://specifications.freedesktop.org/secret-service-spec/latest/ (2026-11-21)
 */
export const secretService: Server = {
  title: 'The Secret Service',
  programs: ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon'],
  packages: ['dbus', 'gnome-keyring'],

  async start(folder, processes) {
    const home = join(folder, 'home');
    const runtime = join(folder, 'run');
    const socket = join(folder, 'bus');
    const address = `unix:path=${socket}`;
    const config = join(folder, 'bus.conf');
    const password = join(folder, 'password');
    await Promise.all([home, runtime].map((path) => mkdir(path, { mode: 0o700 })));
    await writeFile(config, busConfig(socket));
    await writeFile(password, PASSWORD, { mode: 0o600 });

    const variables = [
      `HOME=${home}`,
      `XDG_RUNTIME_DIR=${runtime}`,
      `XDG_DATA_HOME=${join(home, '.local', 'share')}`,
      `DBUS_SESSION_BUS_ADDRESS=${address}`,
    ];
    processes.start('env', [
      ...variables,
      ...['dbus-daemon', `--config-file=${config}`, '--nofork', '--nopidfile'],
    ]);
    await processes.until('dbus-daemon', () => owns(processes, address, BUS), START_TIMEOUT_MS);
    // The daemon reads the password of the collection from its standard input.
    const keyring = 'exec gnome-keyring-daemon --foreground --unlock --components=secrets < "$0"';
    processes.start('env', [...variables, 'sh', '-c', keyring, password]);
    await processes.until(
      'gnome-keyring-daemon',
      () => owns(processes, address, SERVICE),
      START_TIMEOUT_MS,
    );
    return { address, home, runtime };
  },
};
