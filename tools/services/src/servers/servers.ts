import { azurite } from './azurite.ts';
import { ceph } from './ceph.ts';
import type { Server } from './server.ts';

/** Names of the servers that run as programs of their own. */
export type ServerName = 'azure' | 's3';

/** Every server that runs as a program of its own. */
export const SERVERS: Readonly<Record<ServerName, Server>> = { azure: azurite, s3: ceph };
