import type { Command } from '../command.ts';
import { accounts } from './accounts.ts';
import { cat } from './cat.ts';
import { check } from './check.ts';
import { completion } from './completion.ts';
import { config } from './config.ts';
import { cp } from './cp.ts';
import { doctor } from './doctor.ts';
import { du } from './du.ts';
import { find } from './find.ts';
import { get } from './get.ts';
import { keys } from './keys.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { ls } from './ls.ts';
import { mv } from './mv.ts';
import { put } from './put.ts';
import { rm } from './rm.ts';
import { search } from './search.ts';
import { stat } from './stat.ts';
import { verify } from './verify.ts';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...[ls, cat, stat, find, search, du],
  ...[cp, mv, put, get, rm],
  ...[check, verify],
  ...[doctor, config, keys, login, logout, accounts, completion],
];
