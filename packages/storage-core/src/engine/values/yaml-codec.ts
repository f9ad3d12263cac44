import { type ErrorCode, LineCounter, parseDocument, stringify } from 'yaml';
import { StorageError } from '../../errors/storage-error.ts';
import { checkJson } from './check-json.ts';
import { decodeUtf8 } from './exact-json.ts';

/** Most nodes that one alias may stand for in all; more is taken for an attack. */
const MAX_ALIAS_COUNT = 100;

/** What the parser's own codes mean for a value. */
const REASONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  DUPLICATE_KEY: 'a name is there twice',
  MULTIPLE_DOCS: 'a second document begins',
  NON_STRING_KEY: 'a name is no text',
  TAG_RESOLVE_FAILED: 'there is a tag that nobody here knows',
};

/**
 * The YAML text of a value; the same values as in JSON. Strings that older YAML would read as
 * dates or truth values are quoted, nothing is folded, and no anchors are written.
 * Errors: `invalid-data` for what JSON cannot hold.
 */
export function toYamlText(value: unknown): string {
  checkJson(value);
  const text = stringify(value, {
    aliasDuplicateObjects: false,
    compat: 'yaml-1.1',
    lineWidth: 0,
    schema: 'core',
    version: '1.2',
  });
  // At the start of a document, a byte order mark would be taken for no part of it.
  return text.startsWith('\ufeff') ? `---\n${text}` : text;
}

/**
 * Reads one YAML document of the core schema: dates stay strings, and there are no tags of programs.
 * Errors: `invalid-data` with the place of what makes it no such document: a second document, a name
 * that is there twice, an unknown tag, aliases that multiply.
 */
export function parseYaml(bytes: Uint8Array): unknown {
  const lines = new LineCounter();
  const document = parseDocument(decodeUtf8(bytes), {
    lineCounter: lines,
    // Nothing is printed; "silent" would also let a second document pass.
    logLevel: 'error',
    merge: false,
    // Pretty errors quote the content.
    prettyErrors: false,
    schema: 'core',
    strict: true,
    stringKeys: true,
    uniqueKeys: true,
    version: '1.2',
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw notYaml(`line ${line}, column ${col}: ${REASONS[problem.code] ?? 'it is not YAML'}`);
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    throw notYaml(
      error instanceof ReferenceError && /resource/i.test(error.message)
        ? 'its aliases stand for too much (line 1)'
        : 'an alias stands for nothing (line 1)',
    );
  }
}

function notYaml(reason: string): StorageError {
  return new StorageError('invalid-data', `its content is no YAML that is read here: ${reason}.`, {
    hint: 'Repair it, or read it with as: "text".',
  });
}
