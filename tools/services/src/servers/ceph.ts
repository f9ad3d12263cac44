import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../free-port.ts';
import { answers, listens } from './answers.ts';
import { cephConfig, cephKeyring, cephSecret } from './ceph-config.ts';
import type { Server } from './server.ts';

const ACCESS_KEY_ID = 'granary-test-key';
const SECRET_ACCESS_KEY = 'granary-test-secret';
// The gateway takes a signature for any region; with this one the SDK creates buckets without naming it.
const REGION = 'us-east-1';
const START_TIMEOUT_MS = 60_000;

/** Ceph's S3 gateway with a monitor and one store in memory. */
export const ceph: Server = {
  title: 'The S3 server',
  programs: ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph', 'radosgw-admin', 'monmaptool'],
  packages: ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common'],
  logs: 'log',

  async start(folder, processes) {
    const [monitorPort = 0, gatewayPort = 0] = await freePorts(2);
    const clusterId = randomUUID();
    const storeId = randomUUID();
    const storeSecret = cephSecret();
    const monitorMap = join(folder, 'monmap');
    const storeKeyring = join(folder, 'osd', 'keyring');
    const config = ['-c', join(folder, 'ceph.conf')];

    await Promise.all(['mon', 'osd', 'rgw', 'log'].map((name) => mkdir(join(folder, name))));
    await Promise.all([
      writeFile(
        join(folder, 'ceph.conf'),
        cephConfig({ folder, clusterId, monitorPort, gatewayPort }),
      ),
      writeFile(
        join(folder, 'keyring'),
        cephKeyring([
          { name: 'mon.', key: cephSecret(), rights: { mon: 'allow *' } },
          {
            name: 'client.admin',
            key: cephSecret(),
            rights: { mon: 'allow *', osd: 'allow *', mgr: 'allow *' },
          },
        ]),
      ),
      writeFile(storeKeyring, cephKeyring([{ name: 'osd.0', key: storeSecret }])),
      processes.run('monmaptool', [
        ...['--create', '--fsid', clusterId],
        ...['--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, monitorMap],
      ]),
    ]);

    const startMonitor = async () => {
      await processes.run('ceph-mon', ['--mkfs', '-i', 'a', '--monmap', monitorMap, ...config]);
      processes.start('ceph-mon', ['-f', '-i', 'a', ...config]);
      await processes.until('ceph-mon', () => listens(monitorPort), START_TIMEOUT_MS);
      // The first store of a cluster is number 0.
      const secrets = JSON.stringify({ cephx_secret: storeSecret });
      await processes.run('ceph', [...config, 'osd', 'new', storeId, '-i', '-'], secrets);
    };
    const store = ['-i', '0', '--keyring', storeKeyring, ...config];
    await Promise.all([
      startMonitor(),
      processes.run('ceph-osd', [
        ...['--mkfs', '--osd-uuid', storeId, '--monmap', monitorMap, '--no-mon-config'],
        ...store,
      ]),
    ]);
    processes.start('ceph-osd', ['-f', ...store]);

    const user = ['--access-key', ACCESS_KEY_ID, '--secret-key', SECRET_ACCESS_KEY];
    await processes.run('radosgw-admin', [
      ...config,
      ...['user', 'create', '--uid', 'test', '--display-name', 'test', ...user],
    ]);
    processes.start('radosgw', [
      ...['-f', '-n', 'client.admin', ...config],
      ...['--keyring', join(folder, 'keyring')],
    ]);
    const endpoint = `http://127.0.0.1:${gatewayPort}`;
    await processes.until('radosgw', () => answers(endpoint), START_TIMEOUT_MS);
    return {
      endpoint,
      region: REGION,
      accessKeyId: ACCESS_KEY_ID,
      secretAccessKey: SECRET_ACCESS_KEY,
    };
  },
};
