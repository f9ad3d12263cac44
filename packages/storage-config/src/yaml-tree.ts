import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import type { Finding, Path, Position } from './problems.ts';

/** A value of a file with the place where it stands. */
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly name: string;
  /** Where the name stands. */
  readonly at: Position;
  readonly value: Tree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** How it is written, where that is no text. */
  readonly source?: string;
}

/** More values than any configuration has: aliases that multiply. */
const MAX_VALUES = 10_000;
const START: Position = { line: 1, column: 1 };

/** What the parser's codes mean here. Its own messages are not shown: they may quote the file. */
const REASONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: 'the line begins at the wrong column',
  BLOCK_AS_IMPLICIT_KEY: 'a second name stands on the line; put a value with ": " in quotes',
  DUPLICATE_KEY: 'the name is there twice',
  MISSING_CHAR: 'a sign is missing: a quote, a bracket, a colon or a comma',
  MULTIPLE_DOCS: 'a second document begins; a file has one',
  NON_STRING_KEY: 'a name is a text',
  TAB_AS_INDENT: 'lines are indented by spaces, not by tabs',
  TAG_RESOLVE_FAILED: 'there are no tags here',
};

/**
 * Reads one YAML 1.2 document, so JSON too. Aliases stand for what they point at; `<<` is a name
 * like any other. Problems are told without what is written there.
 */
export function readTree(text: string, report: (finding: Finding) => void): Tree | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
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
  const faults = [...document.errors, ...document.warnings];
  for (const { code, pos } of faults) {
    const isVariable = text[pos[0] - 1] === '$';
    report({
      at: positionOf(lines, pos[0]),
      path: [],
      message: `this is no YAML: ${REASONS[code] ?? 'what stands here is not expected'}.`,
      hint: isVariable ? `Between [ ] or { }, a value with \${…} stands in quotes.` : undefined,
    });
    // What follows is mostly a consequence.
    if (code !== 'DUPLICATE_KEY' && code !== 'TAG_RESOLVE_FAILED') return undefined;
  }
  if (faults.length > 0) return undefined;
  const { contents } = document as Document.Parsed;
  if (contents === null) {
    report({ at: START, path: [], message: 'the file is empty. It needs the key "storage".' });
    return undefined;
  }
  return buildTree(document as Document.Parsed, contents, lines, report);
}

function buildTree(
  document: Document.Parsed,
  contents: ParsedNode,
  lines: LineCounter,
  report: (finding: Finding) => void,
): Tree | undefined {
  let count = 0;
  let isBroken = false;

  function fail(node: ParsedNode, path: Path, message: string): Tree {
    const at = positionOf(lines, node.range[0]);
    if (!isBroken) report({ at, path, message });
    isBroken = true;
    return { kind: 'scalar', at, value: null };
  }

  function build(node: ParsedNode, path: Path, above: readonly ParsedNode[]): Tree {
    count += 1;
    if (count > MAX_VALUES) return fail(node, path, 'its aliases stand for too much.');
    const at = positionOf(lines, node.range[0]);
    if (isAlias(node)) {
      const target = node.resolve(document) as ParsedNode | undefined;
      if (target === undefined) return fail(node, path, 'the alias stands for nothing.');
      if (above.includes(target)) return fail(node, path, 'the alias stands for what it is in.');
      return build(target, path, above);
    }
    const inside = [...above, node];
    if (isMap(node)) {
      const entries = node.items.map((pair): MapEntry => {
        // The parser took nothing but texts for names.
        const { value: name, range } = pair.key as ParsedNode & { readonly value: string };
        const nameAt = positionOf(lines, range[0]);
        const value: Tree =
          pair.value === null
            ? { kind: 'scalar', at: nameAt, value: null }
            : build(pair.value, [...path, name], inside);
        return { name, at: nameAt, value };
      });
      return { kind: 'map', at, entries };
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => build(item, [...path, index], inside));
      return { kind: 'list', at, items };
    }
    if (!isScalar(node)) return fail(node, path, 'it is no value.');
    const { value, source } = node as { readonly value: unknown; readonly source?: string };
    if (typeof value === 'string' || value === null || typeof value === 'boolean') {
      return { kind: 'scalar', at, value };
    }
    return { kind: 'scalar', at, value: Number(value), ...(source !== undefined && { source }) };
  }

  const tree = build(contents, [], []);
  return isBroken ? undefined : tree;
}

function positionOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
