import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { count, flag, list } from '../options.ts';
import { trackProgress } from '../output/progress.ts';
import { globFilter } from '../places/glob-filter.ts';
import { moveObject } from '../transfer/move-object.ts';
import { openRunJournal } from '../transfer/open-run-journal.ts';
import {
  planRequest,
  readRequest,
  TRANSFER_USAGE,
  TRANSFER_WORDS,
} from '../transfer/plan-places.ts';
import { runTransfer } from '../transfer/run-transfer.ts';
import { transferLog } from '../transfer/transfer-log.ts';

export const mv: Command = defineCommand({
  name: 'mv',
  group: 'Copy and change',
  summary: 'Move objects and folders between any places',
  details:
    'Names work as with granary cp. A source is deleted when its copy is stored, and only if it has not changed since; what fails stays where it was. Run it again to move the rest.',
  arguments: TRANSFER_WORDS,
  usage: TRANSFER_USAGE,
  options: {
    recursive: flag('move a folder with everything below it', { short: 'r' }),
    ifAbsent: flag('leave what exists at the target already'),
    include: list('glob', 'move only what matches'),
    exclude: list('glob', 'leave behind what matches'),
    concurrency: count('objects at once', 8),
    encrypt: flag('keep them encrypted, in a store that encrypts what asks for it'),
    dryRun: flag('say what would be moved, and move nothing'),
    verbose: flag('name every object', { short: 'v' }),
  },
  examples: [
    ['granary mv draft.md published.md', 'rename an object'],
    ['granary mv -r inbox s3://bucket/archive/2026', 'move a folder to a bucket'],
  ],
  async run(input) {
    const { words, options, output, host, signal } = input;
    const { ifAbsent, encrypt, dryRun, verbose } = options;
    const request = await readRequest(input, words, options);
    const journal = await openRunJournal(input, {
      action: 'move',
      sources: request.sources,
      target: request.target,
      variant: encrypt ? 'encrypt' : '',
      restart: false,
    });
    const filter = globFilter(options.include, options.exclude);
    const code = await runTransfer({
      items: planRequest(input, request, {
        ...{ update: false, ifAbsent, filter },
        journal: undefined,
      }),
      act: moveObject,
      byContent: false,
      copy: { contentOnly: false, keepChecksum: false, encrypt, ifAbsent, signal, journal },
      concurrency: options.concurrency,
      dryRun,
      log: transferLog(
        output,
        { action: 'move', past: 'Moved' },
        { verbose, dryRun, now: host.now },
      ),
      progress: trackProgress({ output, verb: 'Moving', now: host.now }),
      journal: undefined,
    });
    if (code === EXIT.ok && !dryRun) await journal.finish();
    return code;
  },
});
