import { Storage } from '@google-cloud/storage';
import { vi } from 'vitest';
import type { FakeCredentials, FakeGcs } from '../src/index.ts';

/** The official SDK as it is, with the fake's address. */
export function fakeClient(
  fake: FakeGcs,
  credentials: FakeCredentials = fake.credentials,
): Storage {
  // Google's library warns of credentials that it is given as they are.
  const warning = vi.spyOn(console, 'warn').mockImplementation(() => {});
  try {
    return new Storage({
      apiEndpoint: fake.url,
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
