import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { acmeProvider } from '../src/acme-provider.ts';
import { FAKE_ENDPOINT, FAKE_TOKEN, fakeAcme } from './fake-acme.ts';

const harness = {
  name: 'acme over its fake',
  create() {
    const service = fakeAcme();
    const { fetch, fault, requests } = service;
    const open = (endpoint = FAKE_ENDPOINT) => acmeProvider({ endpoint, token: FAKE_TOKEN, fetch });
    return {
      provider: open(),
      reopen: () => open(),
      outside: {
        requests,
        secrets: [FAKE_TOKEN],
        missing: () => open('https://acme.example/v1/no-such-store'),
        fault(name: string | undefined) {
          const known = ['unavailable', 'second-page', 'ignore-range', 'cut-body', 'lost-reply'];
          if (name !== undefined && !known.includes(name)) return false;
          fault(name as Parameters<typeof fault>[0]);
          return true;
        },
      },
    };
  },
};

describeConformance(harness);
describeProperties(harness);
