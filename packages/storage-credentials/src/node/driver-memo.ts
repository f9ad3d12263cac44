import { join } from 'node:path';
import { atomicFile } from './atomic-file.ts';

/** Remembers which driver a vault was first opened with, so that it is not looked for elsewhere by mistake. */
export interface DriverMemo {
  recall(): Promise<string | undefined>;
  remember(driver: string): Promise<void>;
}

export function driverMemo(folder: string, name: string): DriverMemo {
  const file = atomicFile({ path: join(folder, `${name}.driver`) });
  return {
    async recall() {
      return (await file.read())?.trim() || undefined;
    },
    remember: (driver) =>
      file.exclusively(async () => {
        if ((await file.read()) !== driver) await file.replace(driver);
      }),
  };
}
