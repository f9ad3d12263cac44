import { createHmac } from 'node:crypto';
import type { S3Service } from './start-s3.ts';

/**
 * Makes a bucket on a server that `startS3` has started. Signs with version 2, which Ceph still takes:
 * one line, where version 4 is the work of an SDK.
 * https://docs.ceph.com/en/pacific/radosgw/s3/authentication/ (2026-11-21)
 */
export async function makeBucket(service: S3Service, bucket: string): Promise<void> {
  const { endpoint, accessKeyId, secretAccessKey } = service;
  const date = new Date().toUTCString();
  const signature = createHmac('sha1', secretAccessKey)
    .update(`PUT\n\n\n\nx-amz-date:${date}\n/${bucket}`)
    .digest('base64');
  const response = await fetch(`${endpoint}/${bucket}`, {
    method: 'PUT',
    headers: { 'x-amz-date': date, authorization: `AWS ${accessKeyId}:${signature}` },
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`No bucket '${bucket}': ${response.status} ${answer}`);
}
