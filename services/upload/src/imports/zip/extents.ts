/**
 * The spans of an archive's entries, 16 bytes for each: entries that share bytes make a bomb out of a small archive, and no tool makes
 * them.
 */
export class Extents {
  private starts = new Float64Array(1024);
  private ends = new Float64Array(1024);
  private count = 0;
  private isSorted = true;

  /** `end` is exclusive. */
  add(start: number, end: number): void {
    const index = this.count;
    if (index === this.starts.length) this.grow();
    if (index > 0 && start < (this.starts[index - 1] ?? 0)) this.isSorted = false;
    this.starts[index] = start;
    this.ends[index] = end;
    this.count += 1;
  }

  haveOverlap(): boolean {
    const starts = this.starts;
    const ends = this.ends;
    const order = new Uint32Array(this.count).map((_, index) => index);
    if (!this.isSorted) order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
    return order.some((current, position) => {
      const previous = order[position - 1];
      return previous !== undefined && (starts[current] ?? 0) < (ends[previous] ?? 0);
    });
  }

  private grow(): void {
    const starts = new Float64Array(this.starts.length * 2);
    const ends = new Float64Array(this.ends.length * 2);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  }
}
