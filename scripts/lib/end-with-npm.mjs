import { readFileSync } from 'node:fs';

const CHECK_MS = 500;

/**
 * npm does not hand SIGTERM on: it ends its shell and itself and leaves us running. So when npm is gone we tell
 * ourselves. Only under npm: a launcher that someone started by hand may well outlive its terminal.
 */
export function endWithNpm() {
  if (!('npm_lifecycle_event' in process.env)) return;
  const before = npmAbove();
  const timer = setInterval(() => {
    if (npmAbove() === before) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
}

/** Our parents up to npm: it alone, or the shell that it started and itself. They change when one of them ends. */
function npmAbove() {
  const parent = process.ppid;
  return `${parent} ${isShell(parent) ? parentOf(parent) : ''}`;
}

function isShell(pid) {
  return readProc(pid, 'cmdline').split('\0')[1] === '-c';
}

function parentOf(pid) {
  return /^PPid:\s*(\d+)/m.exec(readProc(pid, 'status'))?.[1];
}

/** Empty where there is no /proc: then only the direct parent is watched. */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
