import { afterAll } from 'vitest';
import { describeFaults } from '../../src/vitest.ts';
import { createBox } from './box-provider.ts';
import { type BoxServer, startBoxServer } from './box-server.ts';

const servers: BoxServer[] = [];

afterAll(() => Promise.all(servers.map((server) => server.stop())));

describeFaults({
  name: 'a box',
  // Each scenario has a server of its own, and so a store of its own.
  async target() {
    const server = await startBoxServer();
    servers.push(server);
    return server.url;
  },
  open: ({ url, retry }) => ({ provider: createBox.provider({ url, retry }) }),
  keptConnections: 0,
});
