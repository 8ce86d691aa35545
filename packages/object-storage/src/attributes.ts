import type { ObjectAttributes } from './port.js';

const NAME = /^[a-z0-9][a-z0-9_-]*$/;

/** @throws TypeError for a name that an S3 store could not keep as it is: a caller's mistake, found with every adapter. */
export function checkAttributes(attributes: ObjectAttributes): void {
  for (const name of Object.keys(attributes.metadata ?? {})) {
    if (!NAME.test(name))
      throw new TypeError(`metadata name ${JSON.stringify(name)} is not lower-case ASCII`);
  }
}
