import {
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import type { ObjectTags, OperationOptions } from '@granary/storage-core/provider';
import { answerHeaders, checkAnswer } from './s3-answer.ts';
import type { S3Store } from './s3-client.ts';

/** Reads the tags that the service keeps beside an object. */
export async function readTags(
  store: S3Store,
  key: string,
  { signal }: OperationOptions,
): Promise<ObjectTags> {
  const command = new GetObjectTaggingCommand({ ...store.target, Key: key });
  const headers = answerHeaders(command);
  // Some services answer nothing at all for an object without tags.
  const { TagSet = [] } = await store.send(signal, (client, terms) => client.send(command, terms));
  checkAnswer(headers);
  return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Replaces all tags of an object. */
export async function writeTags(
  store: S3Store,
  key: string,
  tags: ObjectTags,
  { signal }: OperationOptions,
): Promise<void> {
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const place = { ...store.target, Key: key };
  if (TagSet.length === 0) {
    const command = new DeleteObjectTaggingCommand(place);
    const headers = answerHeaders(command);
    await store.send(signal, (client, terms) => client.send(command, terms));
    return checkAnswer(headers);
  }
  const command = new PutObjectTaggingCommand({ ...place, Tagging: { TagSet } });
  const headers = answerHeaders(command);
  await store.send(signal, (client, terms) => client.send(command, terms));
  checkAnswer(headers);
}
