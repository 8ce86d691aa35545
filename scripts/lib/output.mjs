/** What a person sees while the launcher works: one line a step, with the seconds that it has taken. */

/** A step failed: the message is the one clear line, `output` what the tool said. */
export class StepFailed extends Error {
  name = 'StepFailed';

  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

const QUIET_REPORT_SECONDS = 30;

export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Shows `label …` with the elapsed seconds while `work` runs; its note stands behind only at first. */
export async function step(label, note, work) {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const stopTicking = process.stdout.isTTY
    ? rewriteEachSecond(label, note, seconds)
    : reportNowAndThen(label, note, seconds);
  try {
    const result = await work();
    stopTicking(`${label}: ${seconds()} s`);
    return result;
  } catch (error) {
    stopTicking(`${label}: failed after ${seconds()} s`);
    if (error.output) say(error.output);
    throw error;
  }
}

function rewriteEachSecond(label, note, seconds) {
  const show = () => process.stdout.write(`\r${label} … ${seconds()} s${note ? ` (${note})` : ''}\u001b[K`);
  show();
  const timer = setInterval(show, 1000);
  return (line) => {
    clearInterval(timer);
    process.stdout.write(`\r${line}\u001b[K\n`);
  };
}

/** A log file or a pipe gets whole lines, and not one every second. */
function reportNowAndThen(label, note, seconds) {
  say(`${label} …${note ? ` (${note})` : ''}`);
  const timer = setInterval(() => say(`${label} … ${seconds()} s`), QUIET_REPORT_SECONDS * 1000);
  return (line) => {
    clearInterval(timer);
    say(line);
  };
}
