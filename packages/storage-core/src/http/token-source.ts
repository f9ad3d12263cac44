import type { AccessToken, TokenSource } from '../contract/factory.ts';
import { StorageError } from '../errors/storage-error.ts';

/** A token, what answers with one, or a source of them. */
export type TokenInput =
  | TokenSource
  | (() => string | AccessToken | Promise<string | AccessToken>)
  | string;

/**
 * A source of tokens of what an application gives as its sign-in. A token that is a text cannot be
 * refreshed. Errors: `invalid-config` for anything else, and `unauthenticated` when what is asked
 * answers with nothing, or a text is refused by the service.
 */
export function toTokenSource(input: TokenInput): TokenSource {
  if (typeof input === 'function') {
    return { getToken: async () => checkToken(await input()) };
  }
  if (typeof input === 'string') {
    const token = checkToken(input);
    return {
      async getToken({ refresh = false }) {
        if (!refresh) return token;
        throw new StorageError('unauthenticated', 'the service refused the token.', {
          outcome: 'not-applied',
          hint: 'Tokens are good for hours at most: give a function or a sign-in as "auth", which brings new ones.',
        });
      },
    };
  }
  if (typeof (input as Partial<TokenSource> | null)?.getToken === 'function') return input;
  throw new StorageError('invalid-config', 'the option "auth" is no sign-in.', {
    hint: 'Give a function that answers with an access token, or what createSignIn of @granary/storage-oauth gives.',
  });
}

function checkToken(answer: string | AccessToken): AccessToken {
  const token = typeof answer === 'string' ? { token: answer } : answer;
  if (typeof token?.token === 'string' && token.token !== '') return token;
  throw new StorageError('unauthenticated', 'the sign-in gave no access token.', {
    outcome: 'not-applied',
    hint: 'Sign in first.',
  });
}
