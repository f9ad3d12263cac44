import {
  type ConfigSource,
  type OptionField,
  readOptions,
  StorageError,
} from '@granary/storage-core/provider';

/** Options of a sign-in that a configuration can give, besides those of all. */
export type DriveFields = Readonly<Record<string, OptionField>>;

/** Options of every sign-in that are no code. */
const COMMON_FIELDS: DriveFields = {
  account: { type: 'string' },
  redirectUri: { type: 'string', names: ['redirect_uri'] },
  signInOnDemand: { type: 'boolean', names: ['sign_in_on_demand'] },
};
/** How the backends call a token. */
const TOKEN_NAMES: readonly string[] = ['token', 'accessToken', 'access_token'];

type FromConfig = (source: ConfigSource) => object;

/**
 * Reads what a backend takes from a URL or a config object and, in the place of a token, what signs
 * in: `gdrive:///Notes?clientId=…&account=work`. Errors: `invalid-config`.
 */
export function driveFromConfig(
  fromConfig: FromConfig,
  fields: DriveFields,
): (source: ConfigSource) => object {
  const all: DriveFields = { ...fields, ...COMMON_FIELDS };
  const [idName = ''] = Object.keys(fields);
  const idNames = namesIn({ [idName]: all[idName] ?? { type: 'string' } });
  const ownNames = new Set(namesIn(all));

  return (source) => {
    const given = Object.keys(optionsOf(source));
    const hasToken = given.some((name) => TOKEN_NAMES.includes(name));
    const hasId = given.some((name) => idNames.includes(name));
    if (hasToken && hasId) {
      throw refusal(`a token needs no "${idName}": give one of the two.`);
    }
    if (hasToken) return fromConfig(source);
    if (!hasId) {
      throw refusal(
        `the option "${idName}" is missing.`,
        `Give "${idName}", with which people sign in, or an access token as "token".`,
      );
    }
    const signIn = readOptions(
      { config: only(source, (name) => ownNames.has(name)) },
      all,
    ) as object;
    const rest = only(source, (name) => !ownNames.has(name));
    const withoutIt = 'url' in source ? { url: { ...source.url, query: rest } } : { config: rest };
    return { ...fromConfig(withoutIt as ConfigSource), ...signIn };
  };
}

function optionsOf(source: ConfigSource): Readonly<Record<string, unknown>> {
  const options = 'url' in source ? source.url.query : source.config;
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}

function only(
  source: ConfigSource,
  isMeant: (name: string) => boolean,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(optionsOf(source)).filter(([name]) => isMeant(name)));
}

function namesIn(fields: DriveFields): readonly string[] {
  return Object.entries(fields).flatMap(([name, { names = [] }]) => [name, ...names]);
}

function refusal(reason: string, hint?: string): StorageError {
  return new StorageError('invalid-config', reason, { hint });
}
