import { azurite } from './azurite.ts';
import { ceph } from './ceph.ts';
import { clamd } from './clamd.ts';
import { secretService } from './secret-service.ts';
import type { Server } from './server.ts';

/** Names of the servers that run as programs of their own. */
export type ServerName = 'azure' | 'clamd' | 's3' | 'secret-service';

/** Every server that runs as a program of its own. */
export const SERVERS: Readonly<Record<ServerName, Server>> = {
  azure: azurite,
  clamd,
  s3: ceph,
  'secret-service': secretService,
};
