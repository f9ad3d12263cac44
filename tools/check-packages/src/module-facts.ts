import { type ParseResult, parseSync, Visitor } from 'oxc-parser';
import { globalNames } from './global-names.ts';

/** What a source file imports, exports and refers to. */
export interface ModuleFacts {
  /** Specifiers of all imports, re-exports, `import()` with a fixed string, and `import()` types. */
  readonly imports: readonly string[];
  readonly hasDefaultExport: boolean;
  /** Tells whether there is an `export *`, with or without a name. */
  readonly hasExportAll: boolean;
  /** Names that are used but declared nowhere in the file, members of `globalThis` among them. */
  readonly globals: ReadonlySet<string>;
}

/** Reads the facts of a TypeScript or JavaScript file. Throws when it does not parse. */
export function moduleFacts(path: string, text: string): ModuleFacts {
  const { module, program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error) throw new Error(`${path} does not parse: ${error.message}`);
  const exported = module.staticExports.flatMap((statement) => statement.entries);
  return {
    imports: [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...exported.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
      ...importExpressions(program),
    ],
    hasDefaultExport: exported.some(
      ({ exportName }) => exportName.kind === 'Default' || exportName.name === 'default',
    ),
    hasExportAll: exported.some(({ importName }) => importName.kind.startsWith('All')),
    globals: globalNames(program),
  };
}

function importExpressions(program: ParseResult['program']): readonly string[] {
  const found: string[] = [];
  const visitor = new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') found.push(source.value);
    },
    TSImportType({ source }) {
      found.push(source.value);
    },
  });
  visitor.visit(program);
  return found;
}
