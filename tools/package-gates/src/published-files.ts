import { readFile } from 'node:fs/promises';
import { packAll } from '@granary-tools/workspace/pack';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { Gate } from './gate.ts';
import { withScratchFolder } from './scratch-folder.ts';

/** publint, strict, on each tarball: what package.json promises is in it and is what it says. */
export const publishedFiles: Gate = {
  name: 'publint',
  check: ({ packages }) =>
    withScratchFolder(async (folder) => {
      const problems: string[] = [];
      for (const { workspacePackage, tarball } of await packAll(packages, folder)) {
        const bytes = await readFile(tarball);
        const { messages, pkg } = await publint({
          strict: true,
          pack: {
            tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
          },
        });
        for (const message of messages) {
          const text = formatMessage(message, pkg, { color: false });
          problems.push(`${workspacePackage.folder}: ${text} (${message.type} ${message.code})`);
        }
      }
      return problems;
    }),
};
