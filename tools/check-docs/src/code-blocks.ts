/** A fenced block of code in a document. */
export interface CodeBlock {
  /** Path of the document inside the repository. */
  readonly document: string;
  /** Line of the first line of code, from 1. */
  readonly line: number;
  readonly language: 'ts' | 'js' | 'sh';
  /** Words after the language: what to do with the block. */
  readonly words: ReadonlySet<string>;
  readonly code: string;
}

/** Blocks of a document, and fences that cannot be read. */
export interface DocumentBlocks {
  readonly blocks: readonly CodeBlock[];
  readonly problems: readonly string[];
}

/**
 * What may follow a language:
 * - `no-run`: typechecked, not run (it would need an account, a browser, a file of the reader)
 * - `type-error`: must not typecheck
 * - `continues`: goes on where the block before it in the document ended
 * - `run`: a shell block that is run; others are not
 */
const WORDS: Readonly<Record<CodeBlock['language'], readonly string[]>> = {
  ts: ['no-run', 'type-error', 'continues'],
  js: ['no-run', 'continues'],
  sh: ['run'],
};

/** Long names would escape the check, so the short ones are the only ones. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  bash: 'sh',
  javascript: 'js',
  mjs: 'js',
  mts: 'ts',
  shell: 'sh',
  tsx: 'ts',
  typescript: 'ts',
};

const FENCE = /^( *)(`{3,})(.*)$/;

/** Returns the `ts`, `js` and `sh` blocks of a Markdown document. */
export function codeBlocks(document: string, markdown: string): DocumentBlocks {
  const blocks: CodeBlock[] = [];
  const problems: string[] = [];
  const lines = markdown.split('\n');

  let end = -1;
  for (const [index, text] of lines.entries()) {
    const [, indent = '', ticks, info = ''] = FENCE.exec(text) ?? [];
    if (ticks === undefined || index <= end) continue;
    const start = index + 1;
    const closes = new RegExp(`^ *${ticks}\`* *$`);
    const length = lines.slice(start).findIndex((line) => closes.test(line));
    if (length === -1) {
      problems.push(`${document}:${index + 1}: the fence is never closed`);
      break;
    }
    end = start + length;
    const [language = '', ...words] = info.trim().split(/\s+/);
    const short = SHORT_NAMES[language];
    if (short) problems.push(`${document}:${start}: write '${short}' instead of '${language}'`);
    if (!isChecked(language)) continue;
    const unknown = words.filter((word) => !WORDS[language].includes(word));
    if (unknown.length > 0) {
      problems.push(
        `${document}:${start}: '${unknown.join(' ')}' means nothing after '${language}'`,
      );
    }
    const code = lines.slice(start, end).map((line) => line.replace(indent, ''));
    const block = { document, line: start + 1, language, words: new Set(words) };
    blocks.push({ ...block, code: code.join('\n') });
  }
  return { blocks, problems };
}

function isChecked(language: string): language is CodeBlock['language'] {
  return Object.hasOwn(WORDS, language);
}
