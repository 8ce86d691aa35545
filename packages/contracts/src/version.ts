/** The release, the same as in the root package.json. */
export const VERSION = '0.1.0';
