import type { StandardIssue, StandardSchemaV1 } from '../../contract/standard-schema.ts';
import { StorageError } from '../../errors/storage-error.ts';
import { bestPattern } from '../../keys/key-pattern.ts';
import { pathText } from './check-json.ts';

/** The schemas that hold for one item: the one of its key, and the one of the call. */
export interface SchemaChoice {
  /** Key in the storage that the patterns were written for. */
  readonly key: string;
  readonly byPattern: Readonly<Record<string, StandardSchemaV1>> | undefined;
  readonly given: StandardSchemaV1 | undefined;
}

/**
 * What the schemas make of a value: the schema of the key first, then the one of the call.
 * Errors: `invalid-data` that names the places; the issues themselves, which may quote the value,
 * are its `cause`.
 */
export async function checkSchema(value: unknown, choice: SchemaChoice): Promise<unknown> {
  const { key, byPattern = {}, given } = choice;
  const pattern = bestPattern(Object.keys(byPattern), key);
  let checked = value;
  for (const schema of [pattern === undefined ? undefined : byPattern[pattern], given]) {
    if (schema !== undefined) checked = await check(checked, schema);
  }
  return checked;
}

async function check(value: unknown, schema: StandardSchemaV1): Promise<unknown> {
  let result: Awaited<ReturnType<StandardSchemaV1['~standard']['validate']>>;
  try {
    result = await schema['~standard'].validate(value);
  } catch (cause) {
    throw new StorageError('invalid-data', 'its schema failed to check it.', { cause });
  }
  if (result.issues === undefined) return result.value;
  const places = [...new Set(result.issues.map(placeOf))].slice(0, 5).join(', ');
  throw new StorageError('invalid-data', `the value does not match its schema at ${places}.`, {
    hint: 'The issues are in error.cause.',
    cause: result.issues,
  });
}

function placeOf({ path = [] }: StandardIssue): string {
  if (path.length === 0) return 'its root';
  return pathText(
    path.map((part) => {
      const name = typeof part === 'object' ? part.key : part;
      return typeof name === 'number' ? name : String(name);
    }),
  );
}
