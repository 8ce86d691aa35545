/** Preloaded into a command: its clock is ten seconds ahead of the system's, by which files get their times. */
const now = Date.now;
Date.now = () => now() + 10_000;
