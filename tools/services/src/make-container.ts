import { createHmac } from 'node:crypto';
import type { AzureService } from './start-azure.ts';

const API_VERSION = '2021-08-06';
/** Header fields that are signed and that this request does not have; its length of 0 is one. */
const ABSENT_FIELDS: readonly string[] = Array.from({ length: 11 }, () => '');

/**
 * Makes a container, signed with the account's key.
 * https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key (2026-11-21)
 */
export async function makeContainer(service: AzureService, container: string): Promise<void> {
  const { endpoint, accountName, accountKey } = service;
  const url = new URL(`${endpoint}/${container}?restype=container`);
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': API_VERSION };
  const signed = [
    'PUT',
    ...ABSENT_FIELDS,
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    `/${accountName}${url.pathname}`,
    'restype:container',
  ].join('\n');
  const signature = createHmac('sha256', Buffer.from(accountKey, 'base64'))
    .update(signed)
    .digest('base64');
  const response = await fetch(url, {
    method: 'PUT',
    headers: { ...headers, authorization: `SharedKey ${accountName}:${signature}` },
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`No container '${container}': ${response.status} ${answer}`);
}
