import {
  type StandardIssue,
  type StandardSchemaV1,
  StorageError,
} from '@granary/storage-core/provider';
import type { ContentCheck } from './content-check.ts';
import { type NamedRule, refused } from './rules.ts';

/** Longest JSON that is held in memory where the rule has no `maxBytes`. Units: bytes. */
const HELD_BYTES = 16 * 1024 * 1024;
const SHOWN_PLACES = 5;

/** Checks that content is JSON which a schema takes. */
export function schemaCheck(named: NamedRule, schema: StandardSchemaV1): ContentCheck {
  const mostBytes = named.rule.maxBytes ?? HELD_BYTES;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let count = 0;

  function decode(chunk?: Uint8Array): void {
    try {
      text += decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw refused(named, { check: 'schema' }, 'its content is not UTF-8, as JSON must be');
    }
  }

  return {
    async push(chunk) {
      count += chunk.byteLength;
      if (count > mostBytes) {
        throw refused(
          named,
          { check: 'schema' },
          `it has more than ${mostBytes} bytes, the most that is held to be checked`,
          {
            code: 'too-large',
            hint: 'Give the rule a larger maxBytes when such items are wanted.',
          },
        );
      }
      decode(chunk);
    },
    async finish() {
      decode();
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        throw refused(named, { check: 'schema' }, 'its content is not JSON');
      }
      const issues = await issuesOf(schema, value);
      if (issues.length === 0) return;
      const places = [...new Set(issues.map(placeOf))].slice(0, SHOWN_PLACES).join(', ');
      throw refused(
        named,
        { check: 'schema', issues },
        `its value does not match the schema at ${places}`,
        { hint: 'The issues are in error.cause.issues.' },
      );
    },
    stop() {
      text = '';
    },
  };
}

async function issuesOf(
  schema: StandardSchemaV1,
  value: unknown,
): Promise<readonly StandardIssue[]> {
  try {
    return (await schema['~standard'].validate(value)).issues ?? [];
  } catch (cause) {
    throw new StorageError('invalid-data', 'its schema failed to check it.', {
      outcome: 'not-applied',
      cause,
    });
  }
}

function placeOf({ path = [] }: StandardIssue): string {
  if (path.length === 0) return 'its root';
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return JSON.stringify(names.join('.'));
}
