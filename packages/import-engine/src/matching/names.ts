/**
 * Returns a name's stem and its extension with the dot, which is empty when the last dot is not followed by one to six letters, digits or
 * `~`: `27.06.12 - 1` has no extension, `X.MP~2` has.
 */
export function splitExtension(name: string): [stem: string, extension: string] {
  const index = name.search(/\.[A-Za-z\d~]{1,6}$/);
  return index <= 0 ? [name, ''] : [name.slice(0, index), name.slice(index)];
}
