export type { ByteSource } from './bytes.js';
export { sniffFile, sniffStart, sniffTokenizer } from './sniff.js';
export { readDirectories, type TiffDirectory, tiffTag } from './tiff/directories.js';
