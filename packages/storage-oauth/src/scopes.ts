import type { SignInProvider } from './providers/provider.ts';

/** The scopes in a text of a token answer. */
export function splitScopes(text: string): readonly string[] {
  return text.split(/[ ,]+/).filter((scope) => scope !== '');
}

/** Which of the scopes that were asked for were not granted, as they were asked for. */
export function missingScopes(
  provider: SignInProvider,
  asked: readonly string[],
  granted: readonly string[],
): readonly string[] {
  const { scopePrefix, untoldScopes } = provider;
  const plain = (scope: string): string => {
    if (scopePrefix === undefined) return scope;
    const lower = scope.toLowerCase();
    const prefix = scopePrefix.toLowerCase();
    return lower.startsWith(prefix) ? lower.slice(prefix.length) : lower;
  };
  const known = new Set([...granted, ...untoldScopes].map(plain));
  return asked.filter((scope) => !known.has(plain(scope)));
}
