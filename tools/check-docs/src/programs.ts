import type { CodeBlock } from './code-blocks.ts';

/** What is typechecked and run as one file: a block, with those that it continues. */
export interface Program {
  /** Where it ends in the documents, for messages. */
  readonly place: string;
  readonly fileName: string;
  readonly code: string;
  readonly mustTypecheck: boolean;
  readonly mustRun: boolean;
  /** Place in the documents of each line of `code`. */
  readonly places: readonly string[];
}

/** Returns the programs of the TypeScript and JavaScript blocks of a document, in order. */
export function programs(blocks: readonly CodeBlock[]): readonly Program[] {
  let before: Program | undefined;
  return blocks
    .filter(({ language }) => language !== 'sh')
    .map((block) => {
      before = toProgram(block, block.words.has('continues') ? before : undefined);
      return before;
    });
}

function toProgram(block: CodeBlock, before: Program | undefined): Program {
  const { document, line, language, words, code } = block;
  const places = code.split('\n').map((_, index) => `${document}:${line + index}`);
  const name = document.replace(/[^a-zA-Z0-9]+/g, '-').toLowerCase();
  return {
    place: `${document}:${line}`,
    fileName: `${name}-${line}.${language}`,
    code: before ? `${before.code}\n${code}` : code,
    mustTypecheck: !words.has('type-error'),
    mustRun: !words.has('no-run') && !words.has('type-error'),
    places: [...(before?.places ?? []), ...places],
  };
}
