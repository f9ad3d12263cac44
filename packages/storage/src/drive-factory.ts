import {
  type AnyItems,
  createStorage as createEngine,
  type EngineOptions,
  type ItemTypes,
  type StorageEngine,
} from '@granary/storage-core';
import {
  type BackendFactory,
  type CommonBackendOptions,
  type ConfigSource,
  isStorageError,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { type DriveFields, driveFromConfig } from './drive-config.ts';
import type { DriveSignIn } from './drive-sign-in.ts';

/** A storage that signs people in by itself. */
export type DriveStorage<Items extends ItemTypes = AnyItems> = StorageEngine<Items> & {
  /** Signs in and out, and tells who is. */
  readonly auth: DriveSignIn;
};

/** A provider that signs people in by itself. */
export interface DriveProvider extends StorageProvider {
  /** Signs in and out, and tells who is. */
  readonly auth: DriveSignIn;
}

/** Options of a backend that somebody else signs in to. */
type SignedIn<Options> = Omit<Options, 'appKey'> & CommonBackendOptions;
/** Options of a backend that the storage signs in to. */
type Signing<Options, SignInOptions> = SignInOptions &
  Omit<Options, 'auth' | 'client' | 'appKey'> &
  CommonBackendOptions & { readonly auth?: undefined; readonly client?: undefined };

/** Makes storages over a person's drive. No I/O happens before the first operation. */
export interface DriveFactory<Options, SignInOptions> {
  <Items extends ItemTypes = AnyItems>(
    options: Signing<Options, SignInOptions>,
    engine?: EngineOptions,
  ): DriveStorage<Items>;
  <Items extends ItemTypes = AnyItems>(
    options: SignedIn<Options>,
    engine?: EngineOptions,
  ): StorageEngine<Items>;
  /** The provider itself, for layers and `backends:`. */
  readonly provider: {
    (options: Signing<Options, SignInOptions>): DriveProvider;
    (options: SignedIn<Options>): StorageProvider;
  };
  readonly backend: Pick<BackendFactory<Options>['backend'], 'name' | 'aliases' | 'schemes'> & {
    /** Options from a URL or a config object, with a client id or a token. Errors: `invalid-config`. */
    readonly fromConfig: (
      source: ConfigSource,
    ) => Signing<Options, SignInOptions> | SignedIn<Options>;
  };
}

/** What a sign-in and a place mean for each other. */
export interface DrivePlan<Options> {
  /** Default: those of the provider. */
  readonly scopes?: readonly string[];
  /** What follows for the backend. */
  readonly place: Partial<Options>;
}

/** Options before it is known which they are. */
export type LooseOptions = Readonly<Record<string, unknown>>;

/** What the drives differ in. */
export interface DriveSettings<Options> {
  readonly bare: BackendFactory<Options>;
  /** Options of the sign-in for configurations; the first one is the id of the client. */
  readonly fields: DriveFields;
  readonly plan: (options: Options) => DrivePlan<Options>;
  /** Makes the sign-in of the platform out of options that are for it. Makes no request. */
  readonly signIn: (options: LooseOptions) => DriveSignIn;
}

/** Options that are nothing to a backend. */
const SIGN_IN_OPTIONS: readonly string[] = [
  ...['clientId', 'appKey', 'clientSecret', 'scopes', 'tenant', 'account', 'tokens', 'flow'],
  ...['redirectUri', 'exchange', 'signInOnDemand', 'signInHint', 'signInEndpoints', 'oauth2'],
];

/** Makes the factory of a drive that signs in, where it is not given a sign-in. */
export function driveFactory<Options, SignInOptions>(
  settings: DriveSettings<Options>,
): DriveFactory<Options, SignInOptions> {
  const { bare, fields, plan, signIn } = settings;
  const { name, fromConfig = Object } = bare.backend;
  const [idName = ''] = Object.keys(fields);

  function open(options: LooseOptions = {}): {
    readonly provider: StorageProvider;
    readonly auth?: DriveSignIn;
  } {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const isOwn = ([option]: readonly [string, unknown]): boolean =>
      SIGN_IN_OPTIONS.includes(option);
    const own: LooseOptions = Object.fromEntries(given.filter(isOwn));
    const rest: LooseOptions = Object.fromEntries(given.filter((entry) => !isOwn(entry)));
    const make = bare.provider as (options: LooseOptions) => StorageProvider;
    if (rest['auth'] !== undefined || rest['client'] !== undefined) {
      refuseBoth(Object.keys(own));
      return { provider: make(rest) };
    }
    checkId(own[idName]);
    const { place, scopes } = plan({ ...rest, ...own } as Options);
    const { fetch } = rest;
    const auth = signIn({
      ...own,
      ...(scopes && { scopes }),
      ...(fetch !== undefined && { fetch }),
    });
    return { provider: afterSignIn(make({ ...rest, ...place, auth }), auth), auth };
  }

  function refuseBoth([option]: readonly string[]): void {
    if (option === undefined) return;
    throw new StorageError(
      'invalid-config',
      `"${option}" is for signing in, and "auth" or "client" has signed in already.`,
      { provider: name, hint: `Give "${idName}" and what goes with it, or "auth", not both.` },
    );
  }

  function checkId(id: unknown): void {
    if (typeof id === 'string' && id !== '') return;
    throw new StorageError('invalid-config', `the option "${idName}" is missing.`, {
      provider: name,
      hint: `Give "${idName}", with which people sign in, or "auth" where the application signs in by itself.`,
    });
  }

  function create(options?: LooseOptions, engine?: EngineOptions): StorageEngine {
    const { provider, auth } = open(options);
    const storage = createEngine(provider, engine);
    return auth === undefined ? storage : Object.assign(storage, { auth });
  }

  return Object.assign(create, {
    provider: (options?: LooseOptions) => open(options).provider,
    backend: {
      ...bare.backend,
      fromConfig: driveFromConfig(fromConfig as (source: ConfigSource) => object, fields),
    },
  }) as unknown as DriveFactory<Options, SignInOptions>;
}

/**
 * The same provider, which opens once somebody is signed in. That is outside the retry loop: a person
 * takes longer than a request may. Trouble that may pass is left to the loop.
 */
function afterSignIn(provider: StorageProvider, auth: DriveSignIn): DriveProvider {
  const open: StorageProvider['open'] = async (options) => {
    try {
      await auth.getToken(options.signal === undefined ? {} : { signal: options.signal });
    } catch (error) {
      if (!isStorageError(error) || !error.retryable) throw error;
    }
    return (await provider.open?.(options)) ?? {};
  };
  // It may get operations when it is opened, so they are looked up with each call.
  return Object.create(provider, {
    open: { value: open, enumerable: true },
    auth: { value: auth, enumerable: true },
  });
}
