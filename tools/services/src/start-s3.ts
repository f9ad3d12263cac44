import { type KeptServer, startKept } from './kept-server.ts';
import { fact } from './servers/server.ts';

/** An S3 server and the credentials of a user who may do everything. */
export interface S3Service {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Ends the server and waits until it is gone. Does nothing to a server that was running before. */
  stop(): Promise<void>;
}

/** Where servers are looked for and started. */
export interface ServiceOptions {
  /** Variables that name a running server. Default: those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

const DEFAULT_REGION = 'us-east-1';

/**
 * Starts an S3 server (Ceph's) in memory on a free port of 127.0.0.1, in about a second. It ends with
 * this process, however that ends. Where `GRANARY_S3_ENDPOINT` is set, that server is used instead.
 */
export async function startS3({ env = process.env }: ServiceOptions = {}): Promise<S3Service> {
  const running = runningS3(env);
  if (running !== undefined) return running;
  return toS3Service(await startKept('s3', env));
}

/** The service that a started server is. */
export function toS3Service({ facts, stop }: KeptServer): S3Service {
  return {
    endpoint: fact(facts, 'endpoint'),
    region: fact(facts, 'region'),
    accessKeyId: fact(facts, 'accessKeyId'),
    secretAccessKey: fact(facts, 'secretAccessKey'),
    stop,
  };
}

function runningS3(env: NodeJS.ProcessEnv): S3Service | undefined {
  const endpoint = env['GRANARY_S3_ENDPOINT'];
  if (!endpoint) return undefined;
  const accessKeyId = env['GRANARY_S3_ACCESS_KEY_ID'];
  const secretAccessKey = env['GRANARY_S3_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      'GRANARY_S3_ENDPOINT is set, so GRANARY_S3_ACCESS_KEY_ID and GRANARY_S3_SECRET_ACCESS_KEY ' +
        'must be too. Set them, or unset GRANARY_S3_ENDPOINT to have a server started.',
    );
  }
  const region = env['GRANARY_S3_REGION'] || DEFAULT_REGION;
  return { endpoint, region, accessKeyId, secretAccessKey, stop: async () => undefined };
}
