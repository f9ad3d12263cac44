import { StorageError } from '@granary/storage-core';
import type { OAuthClient } from '../oauth-client.ts';

/** Errors: `invalid-config` where no page can exchange codes, or would have to hold a secret. */
export function checkPage({ provider, exchangesInPages }: OAuthClient): void {
  const { id, title, noExchangeInPages, clientSecret } = provider;
  if (exchangesInPages && clientSecret === undefined) return;
  const reason =
    clientSecret === undefined
      ? (noExchangeInPages ?? '')
      : `a page cannot keep the client secret of ${title}.`;
  throw new StorageError('invalid-config', reason, {
    provider: id,
    operation: 'signIn',
    outcome: 'not-applied',
    hint: 'Give `exchange`, which has your server exchange the code, without a clientSecret here; or, for Google, use googleTokenClient.',
  });
}
