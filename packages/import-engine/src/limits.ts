/** As many characters as the catalog keeps of a description (packages/contracts/src/http/metadata.ts). */
export const MAX_DESCRIPTION = 10_000;
/** As many characters as a file's name can have (packages/contracts/src/http/uploads.ts). */
export const MAX_FILE_NAME = 255;
/** As many characters as an album's name can have (packages/contracts/src/http/albums.ts). */
export const MAX_ALBUM_NAME = 200;
