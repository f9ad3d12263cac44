#!/usr/bin/env node
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCli } from '@granary/storage-conformance';

process.exitCode = await runCli(process.argv.slice(2), {
  load: (path) => import(pathToFileURL(resolve(path)).href),
  print: (text) => console.log(text),
});
