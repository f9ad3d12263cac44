import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** The file that the certificate is in, for who has to trust it. */
  readonly file: string;
}

const run = promisify(execFile);

/**
 * Makes a certificate that is good for a day and for these hosts alone, with OpenSSL's command line. It
 * signs nothing, so that who trusts it trusts nobody else by it.
 */
export async function makeCertificate(
  folder: string,
  hosts: readonly string[],
): Promise<Certificate> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const names = hosts.map((host) => `DNS:${host}`).join(',');
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-days', '1', '-subj', '/CN=Granary benchmark', '-addext', `subjectAltName=${names}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', certificate],
  ]);
  return {
    certificate: await readFile(certificate, 'utf8'),
    key: await readFile(key, 'utf8'),
    file: certificate,
  };
}
