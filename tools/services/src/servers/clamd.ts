import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../free-port.ts';
import { listens } from './answers.ts';
import type { Server } from './server.ts';

const START_TIMEOUT_MS = 60_000;
/** Longest stream that is taken; small, so that a test can be longer. Units: bytes. */
const MAX_STREAM_BYTES = 1024 * 1024;
const SIGNATURE = 'Granary.Test.Eicar';

/**
 * The harmless file that scanners are tried with, in two pieces, so that scanners leave this source
 * alone. https://www.eicar.org/download-anti-malware-testfile/ (2026-11-21)
 */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(
  '',
);

/** As clamd.conf(5) of ClamAV 1.4 has them. */
function config(folder: string, port: number): string {
  return [
    `DatabaseDirectory ${join(folder, 'signatures')}`,
    `LogFile ${join(folder, 'log', 'clamd.log')}`,
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    'Foreground yes',
    'MaxThreads 4',
    `StreamMaxLength ${MAX_STREAM_BYTES}`,
    // What is too large to be scanned is reported, instead of being called clean.
    'AlertExceedsMax yes',
    '',
  ].join('\n');
}

/**
 * ClamAV's daemon with one signature, that of the EICAR test file, so that nothing is downloaded and
 * little memory is used. The format of the signature (name, any file, anywhere, bytes in hex):
 * https://docs.clamav.net/manual/Signatures/ExtendedSignatures.html (2026-11-21)
 */
export const clamd: Server = {
  title: 'The malware scanner',
  programs: ['clamd'],
  packages: ['clamav-daemon'],
  logs: 'log',

  async start(folder, processes) {
    const [port = 0] = await freePorts(1);
    const path = join(folder, 'clamd.conf');
    await Promise.all(['signatures', 'log'].map((name) => mkdir(join(folder, name))));
    await Promise.all([
      writeFile(path, config(folder, port)),
      writeFile(
        join(folder, 'signatures', 'test.ndb'),
        `${SIGNATURE}:0:*:${Buffer.from(EICAR).toString('hex')}\n`,
      ),
    ]);
    processes.start('clamd', ['--config-file', path]);
    await processes.until('clamd', () => listens(port), START_TIMEOUT_MS);
    return {
      port: String(port),
      // What it adds to names from signatures that its makers did not sign.
      signature: `${SIGNATURE}.UNOFFICIAL`,
      maxStreamBytes: String(MAX_STREAM_BYTES),
      infected: EICAR,
    };
  },
};
