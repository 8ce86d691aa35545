/**
 * Finds the keys that are the beginning of a text. The keys are sorted, and each knows the longest other key that it begins with: all
 * beginnings of a text are then on the way up from the last key before it, so that a look-up is one binary search.
 */
export class PrefixIndex<Value> {
  private readonly keys: readonly string[];
  /** For each key, the position of the longest other one that it begins with; -1 if there is none. */
  private readonly parents: readonly number[];

  constructor(private readonly values: ReadonlyMap<string, Value>) {
    this.keys = [...values.keys()].sort();
    this.parents = parentsOf(this.keys);
  }

  /** Returns up to `max` keys that the text begins with, the longest first, and their values. */
  beginningsOf(text: string, max: number): [key: string, value: Value][] {
    const found: [string, Value][] = [];
    for (
      let index = this.lastUpTo(text);
      index >= 0 && found.length < max;
      index = this.parents[index] ?? -1
    ) {
      const key = this.keys[index] ?? '';
      const value = text.startsWith(key) ? this.values.get(key) : undefined;
      if (value !== undefined) found.push([key, value]);
    }
    return found;
  }

  /** The position of the last key that is not after the text; -1 if all are. */
  private lastUpTo(text: string): number {
    let [start, end] = [0, this.keys.length];
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((this.keys[middle] ?? '') <= text) start = middle + 1;
      else end = middle;
    }
    return start - 1;
  }
}

function parentsOf(sorted: readonly string[]): number[] {
  const open: number[] = [];
  return sorted.map((key, index) => {
    while (open.length > 0 && !key.startsWith(sorted[open.at(-1) ?? 0] ?? '')) open.pop();
    const parent = open.at(-1) ?? -1;
    open.push(index);
    return parent;
  });
}
