const REPORT_MS = 30_000;

/** Says on stderr what is being done, twice a minute that it still is, and in the end how long it took. */
export async function step<T>(label: string, work: () => Promise<T>): Promise<T> {
  const began = Date.now();
  const say = (end: string) => process.stderr.write(`${label}${end}\n`);
  const seconds = () => Math.round((Date.now() - began) / 1000);
  say(' …');
  const timer = setInterval(() => say(` … ${seconds()} s`), REPORT_MS);
  try {
    const result = await work();
    say(`: ${seconds()} s`);
    return result;
  } catch (error) {
    say(`: failed after ${seconds()} s`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
