import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { count, flag, list } from '../options.ts';
import { trackProgress } from '../output/progress.ts';
import { globFilter } from '../places/glob-filter.ts';
import { copyObject } from '../transfer/copy-object.ts';
import { openRunJournal } from '../transfer/open-run-journal.ts';
import {
  planRequest,
  readRequest,
  TRANSFER_USAGE,
  TRANSFER_WORDS,
} from '../transfer/plan-places.ts';
import { runTransfer } from '../transfer/run-transfer.ts';
import { transferLog } from '../transfer/transfer-log.ts';

export const cp: Command = defineCommand({
  name: 'cp',
  group: 'Copy and change',
  summary: 'Copy objects and folders between any places',
  details: [
    'Copies what is in a folder, whether or not the name ends with a slash: granary cp -r a b makes b/x from a/x, every time it runs. An object goes under the name of the target, or into the target when that ends with a slash or is a folder of the file system.',
    'Content type, metadata, tags and expiry go along. Nothing is ever deleted at the target. Whether an object is encrypted does not go along: say --encrypt for that, where the target does not encrypt everything. A copy that was interrupted goes on when the same command runs again.',
  ].join('\n\n'),
  arguments: TRANSFER_WORDS,
  usage: TRANSFER_USAGE,
  options: {
    recursive: flag('copy a folder with everything below it', { short: 'r' }),
    update: flag(
      'leave what is the same: equal size and checksum, or no checksum and a copy newer than its source',
      { short: 'u' },
    ),
    checksum: flag('with --update, where no checksum tells, read and compare'),
    ifAbsent: flag('leave what exists already'),
    include: list('glob', 'copy only what matches'),
    exclude: list('glob', 'leave out what matches'),
    concurrency: count('objects at once', 8),
    contentOnly: flag('leave content type, metadata, tags and expiry behind'),
    encrypt: flag('keep the copies encrypted, in a store that encrypts what asks for it'),
    keepChecksum: flag('keep a SHA-256 with each copy, for granary verify'),
    restart: flag('forget what an interrupted run has done'),
    dryRun: flag('say what would be copied, and copy nothing'),
    verbose: flag('name every object', { short: 'v' }),
  },
  examples: [
    ['granary cp -r photos s3://bucket/photos', 'copy a folder'],
    ['granary cp -ru photos s3://bucket/photos', 'copy what is new or has changed'],
    ["granary cp -r --include '*.jpg' --dry-run photos /mnt/usb", 'see what would be copied'],
    ['granary cp a.txt b.txt notes/', 'copy objects into a folder'],
  ],
  async run(input) {
    const { words, options, output, host, signal } = input;
    const request = await readRequest(input, words, options);
    const { update, checksum, ifAbsent, dryRun, verbose, contentOnly } = options;
    const { keepChecksum, encrypt } = options;
    const journal = await openRunJournal(input, {
      action: 'copy',
      sources: request.sources,
      target: request.target,
      variant: JSON.stringify({ contentOnly, keepChecksum, encrypt }),
      restart: options.restart,
    });
    const filter = globFilter(options.include, options.exclude);
    const rules = { update: update || checksum, ifAbsent };
    const code = await runTransfer({
      items: planRequest(input, request, { ...rules, filter, journal }),
      act: copyObject,
      byContent: checksum,
      copy: { contentOnly, ifAbsent, keepChecksum, encrypt, signal, journal },
      concurrency: options.concurrency,
      dryRun,
      log: transferLog(
        output,
        { action: 'copy', past: 'Copied' },
        { verbose, dryRun, now: host.now },
      ),
      progress: trackProgress({ output, verb: 'Copying', now: host.now }),
      journal,
    });
    if (code === EXIT.ok && !dryRun) await journal.finish();
    return code;
  },
});
