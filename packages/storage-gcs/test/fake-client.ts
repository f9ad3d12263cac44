import { Storage } from '@google-cloud/storage';
import type { FakeCredentials, FakeGcs } from '@granary-tools/fake-gcs';
import { vi } from 'vitest';

/** What a client over the fake may differ in. */
export interface FakeClientOptions {
  /** Default: the fake itself. */
  readonly endpoint?: string;
  /** Default: those of the fake. */
  readonly credentials?: FakeCredentials;
}

/** The SDK's client over the fake. It signs in with a service account's JWT, as at Google. */
export function fakeClient(fake: FakeGcs, options: FakeClientOptions = {}): Storage {
  const { endpoint = fake.url, credentials = fake.credentials } = options;
  // Google's library warns of credentials that it is given as they are.
  const warning = vi.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    return new Storage({
      apiEndpoint: endpoint,
      useAuthWithCustomEndpoint: true,
      projectId: fake.projectId,
      credentials,
      clientOptions: { transporterOptions: { fetchImplementation: fake.fetch } },
      retryOptions: { autoRetry: false },
    });
  } finally {
    warning.mockRestore();
  }
}
