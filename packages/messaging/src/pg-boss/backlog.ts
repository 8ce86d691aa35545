/** More jobs are not remembered: then a fetch tells whether there are more. */
const MAX_EXPECTED = 1000;

/**
 * What is known about the jobs that wait in one queue of an exclusive process, so that it does not look for jobs that are not there. It may
 * expect too much, which costs a fetch that finds nothing, but never too little.
 */
export class Backlog {
  /** Jobs that this process has stored, not fetched yet. */
  #expected = new Set<string>();
  /** There may be others: those of a predecessor, retries, replayed ones. */
  #hasOthers = false;

  expect(ids: readonly string[]): void {
    if (this.#expected.size + ids.length > MAX_EXPECTED) {
      this.#expected.clear();
      this.#hasOthers = true;
    } else for (const id of ids) this.#expected.add(id);
  }

  expectOthers(): void {
    this.#hasOthers = true;
  }

  get mayHaveMore(): boolean {
    return this.#hasOthers || this.#expected.size > 0;
  }

  /** Fetches up to `size` jobs. Fewer are all that were there when the fetch began. After an error the caller expects others later. */
  async fetch<J extends { id: string }>(size: number, fetchJobs: () => Promise<J[]>): Promise<J[]> {
    const sought = this.#expected;
    const soughtOthers = this.#hasOthers;
    this.#expected = new Set();
    this.#hasOthers = false;
    const jobs = await fetchJobs();
    if (jobs.length < size) return jobs;
    const unexpected = jobs.filter(({ id }) => !sought.delete(id));
    this.#hasOthers ||= soughtOthers || unexpected.length > 0;
    this.expect([...sought]);
    return jobs;
  }
}
