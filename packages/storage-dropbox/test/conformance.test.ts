import { type Harness, providerScenarios } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { type FakeFault, startFakeDropbox } from '@granary-tools/fake-dropbox';
import { createDropbox, type DropboxOptions } from '../src/index.ts';

function harness(name: string, own: Pick<DropboxOptions, 'attributes' | 'root'>): Harness {
  return {
    name,
    timeoutMs: 60_000,
    async create() {
      const service = await startFakeDropbox();
      const { url: endpoint, accessToken: auth } = service;
      const options = { endpoint, auth, retry: false, ...own } as const;
      const open = () => createDropbox.provider(options);
      return {
        provider: open(),
        reopen: open,
        close: () => service.stop(),
        outside: {
          requests: service.requests,
          secrets: [auth],
          advance: service.advance,
          async small(capacityBytes) {
            const full = await startFakeDropbox({ capacityBytes });
            return createDropbox.provider({
              ...options,
              endpoint: full.url,
              auth: full.accessToken,
            });
          },
          fault(fault) {
            service.fault(fault satisfies FakeFault | undefined);
            return true;
          },
        },
      };
    },
  };
}

const companions = harness('dropbox over its fake', {});
describeConformance(companions);
describeProperties(companions);

const bare = harness('dropbox over its fake, without attributes, below a folder', {
  attributes: 'none',
  root: 'Granary Tests/Store',
});
describeConformance(
  bare,
  // What an engine does has nothing to do with attributes or folders.
  {
    scenarios: providerScenarios.filter(({ rule }) => !/^(?:UP|CHG|WATCH|CONC|RANGE)-/.test(rule)),
    slow: false,
  },
);
describeProperties(bare);
