import { endWithNpm } from './end-with-npm.mjs';
import { prepare } from './prepare.mjs';

/** `npm run build`. */
export async function main() {
  endWithNpm();
  await prepare();
  return 0;
}
