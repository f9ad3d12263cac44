import { randomBytes } from 'node:crypto';

/** What a cluster of one machine is described by. */
export interface CephClusterOptions {
  readonly folder: string;
  readonly clusterId: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
}

const MEMORY_BYTES = 4 * 1024 ** 3;

/**
 * The configuration of a cluster that lives in memory. A monitor collects changes for a second before
 * it agrees on them; with one monitor there is nothing to collect, which is most of the time to start.
 * Deleted data goes after five seconds instead of two hours, so that memory comes back.
 */
export function cephConfig(options: CephClusterOptions): string {
  const { folder, clusterId, monitorPort, gatewayPort } = options;
  return `[global]
fsid = ${clusterId}
mon host = [v2:127.0.0.1:${monitorPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth allow insecure global id reclaim = false
paxos propose interval = 0.01
paxos min wait = 0.01
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 2000
mon data avail crit = 1
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = ${MEMORY_BYTES}
run dir = ${folder}
log file = ${folder}/log/$name.log
admin socket = ${folder}/$name.asok
pid file = ${folder}/$name.pid
osd data = ${folder}/osd
mon data = ${folder}/mon
keyring = ${folder}/keyring
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
rgw enable apis = s3, admin
rgw dns name = localhost
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
debug rgw = 0
`;
}

/** One key of a keyring file: who has it, and what they may do. */
export interface CephKey {
  readonly name: string;
  readonly key: string;
  readonly rights?: Readonly<Record<string, string>>;
}

/** A keyring file as `ceph-authtool` writes it. */
export function cephKeyring(keys: readonly CephKey[]): string {
  return keys
    .map(({ name, key, rights = {} }) => {
      const lines = Object.entries(rights).map(
        ([service, right]) => `caps ${service} = "${right}"`,
      );
      return [`[${name}]`, `key = ${key}`, ...lines, ''].join('\n');
    })
    .join('');
}

/**
 * A fresh secret in cephx's form: type 1 (AES), seconds and nanoseconds of its making, length, bytes.
 * https://github.com/ceph/ceph/blob/v16.2.15/src/auth/Crypto.cc (CryptoKey::encode)
 */
export function cephSecret(now: number = Date.now()): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt32LE(Math.floor(now / 1000), 2);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString('base64');
}
