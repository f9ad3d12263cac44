import { startKept } from './kept-server.ts';
import { fact } from './servers/server.ts';
import type { ServiceOptions } from './start-s3.ts';

/** A malware scanner that knows one signature, and the file that has it. */
export interface ClamdService {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The EICAR test file: harmless, and infected to every scanner. Keep it out of the disk. */
  readonly infected: string;
  /** What the scanner calls it. */
  readonly signature: string;
  /** Longest content that it takes. Units: bytes. */
  readonly maxStreamBytes: number;
  /** Ends the scanner and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts ClamAV's daemon on a free port of 127.0.0.1, in about a second, with the signature of the
 * EICAR test file alone. It ends with this process, however that ends.
 */
export async function startClamd({
  env = process.env,
}: ServiceOptions = {}): Promise<ClamdService> {
  const { facts, stop } = await startKept('clamd', env);
  return {
    host: '127.0.0.1',
    port: Number(fact(facts, 'port')),
    infected: fact(facts, 'infected'),
    signature: fact(facts, 'signature'),
    maxStreamBytes: Number(fact(facts, 'maxStreamBytes')),
    stop,
  };
}
