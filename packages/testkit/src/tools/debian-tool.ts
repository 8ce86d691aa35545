import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installDebianPackages } from './debian.js';

const PACKAGES = { jq: ['jq'], nginx: ['nginx'] } as const satisfies Record<string, readonly string[]>;

export type DebianToolName = keyof typeof PACKAGES;

/** Where Debian puts programs that a user's PATH often leaves out. */
const SYSTEM = ['/usr/sbin', '/usr/local/sbin'];

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM];
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The path of a program of Debian's, which is installed first where it is missing. No server is started by that. */
export async function debianTool(name: DebianToolName): Promise<string> {
  const there = find(name);
  if (there !== undefined) return there;
  await installDebianPackages(name, [...PACKAGES[name]]);
  const installed = find(name);
  if (installed === undefined) throw new Error(`${name} is installed, but is in no known folder`);
  return installed;
}
