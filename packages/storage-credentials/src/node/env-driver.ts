import { StorageError } from '@granary/storage-core';
import { credentialOf, entryOf, keyNameOf } from '../credential-name.ts';
import type { VaultDriver } from '../vault-driver.ts';
import { readOnlyError } from '../vault-errors.ts';
import { encodeRecord } from '../vault-record.ts';

/** Options of the driver over environment variables. */
export interface EnvDriverOptions {
  /** Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether this is production. Default: `NODE_ENV` is 'production'. */
  readonly isProduction?: boolean;
  /** Services, and names of data keys, that may be read in production. Default: none. */
  readonly allowInProduction?: readonly string[];
}

const SECRET = 'GRANARY_SECRET_';
const KEY = 'GRANARY_KEY_';
/** Between a service and an account. */
const DIVIDER = '__';

/**
 * Reads secrets from environment variables, for development: `GRANARY_SECRET_<SERVICE>` or
 * `GRANARY_SECRET_<SERVICE>__<ACCOUNT>`, and data keys, 32 bytes as base64, from `GRANARY_KEY_<NAME>`. Names are
 * in upper case, with `_` for everything that is no letter or digit.
 */
export function envDriver(options: EnvDriverOptions = {}): VaultDriver {
  const { env = process.env, allowInProduction = [] } = options;
  const isProduction = options.isProduction ?? env['NODE_ENV'] === 'production';

  function checkAllowed(name: string): void {
    if (!isProduction || allowInProduction.includes(name)) return;
    throw new StorageError(
      'permission-denied',
      'secrets are not read from the environment in production: other programs and crash reports see it.',
      {
        outcome: 'not-applied',
        hint: 'Use another driver, or name this service in allowInProduction.',
      },
    );
  }

  function entriesAfter(prefix: string, toEntry: (name: string) => string): readonly string[] {
    return Object.keys(env)
      .filter((name) => name.startsWith(prefix) && env[name] !== undefined && name !== prefix)
      .map((name) => toEntry(name.slice(prefix.length).toLowerCase()));
  }

  return {
    specVersion: 1,
    name: 'env',
    isReadOnly: true,
    describe: () => ({
      place: `environment variables that begin with ${SECRET}`,
      protectsAgainst: ['secrets in the source code'],
      doesNotProtectAgainst: [
        'programs that this one starts, which inherit them',
        'other programs of the same user, crash reports and listings of processes',
        'the file that sets them being read or committed',
      ],
    }),
    open: async () => undefined,
    async read(entry) {
      const key = keyNameOf(entry);
      const credential = credentialOf(entry);
      const service = key ?? credential?.service;
      if (service === undefined) return undefined;
      const value =
        key === undefined ? env[secretVariable(credential)] : env[`${KEY}${toVariable(key)}`];
      if (value === undefined) return undefined;
      checkAllowed(service);
      return encodeRecord({ current: { value, version: 1 }, old: [] });
    },
    write: async () => {
      throw readOnlyError({ hint: `Set ${SECRET}… in the environment of this program.` });
    },
    remove: async () => {
      throw readOnlyError({ hint: 'Unset the variable in the environment of this program.' });
    },
    entries: async () => [
      ...entriesAfter(SECRET, (name) => {
        const [service = '', ...account] = name.split(DIVIDER);
        return entryOf(
          account.length === 0 ? { service } : { service, account: account.join(DIVIDER) },
        );
      }),
      ...entriesAfter(KEY, (name) => `!key/${name}`),
    ],
    exclusively: (work) => work(),
  };
}

type Named = ReturnType<typeof credentialOf>;

function secretVariable(credential: Named): string {
  const { service = '', account } = credential ?? {};
  const whose = account === undefined ? '' : `${DIVIDER}${toVariable(account)}`;
  return `${SECRET}${toVariable(service)}${whose}`;
}

function toVariable(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
