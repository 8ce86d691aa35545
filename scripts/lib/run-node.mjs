import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { pinnedNode, root } from './project.mjs';

/** SIGHUP is the terminal or the SSH session closing: an end like any other, and to be an orderly one. */
const FORWARDED = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' };

/**
 * Runs a script on the pinned Node to its end. Resolves to its exit code, or 128 + the signal's number. Signals are
 * handed on once each; then we wait, since the child drains. It shares our terminal and process group, so a Ctrl-C
 * reaches it twice. The ipc channel tells it when we are gone. `defaults`: environment variables, unless set.
 */
export function runOnPinnedNode(args, { defaults = {}, ipc = false } = {}) {
  const child = spawn(pinnedNode(), args, {
    cwd: root,
    env: { ...defaults, ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', ...(ipc ? ['ipc'] : [])],
  });
  const sent = new Set();
  for (const [signal, forwarded] of Object.entries(FORWARDED)) {
    process.on(signal, () => {
      if (!sent.has(forwarded)) child.kill(forwarded);
      sent.add(forwarded);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
