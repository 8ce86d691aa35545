export type { ByteSource } from './bytes.js';
export { sniffFile, sniffTokenizer } from './sniff.js';
export { readDirectories, type TiffDirectory, tiffTag } from './tiff/directories.js';
