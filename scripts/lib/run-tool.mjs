import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StepFailed } from './output.mjs';
import { root } from './project.mjs';

const OUTPUT_LIMIT = 200_000;
const TERMINATE_MS = 5_000;

/**
 * Runs a tool and keeps its noise, for the case that it fails. `held`: file descriptors that the tool keeps open,
 * so that the lock is held for as long as the tool lives, even when this process is killed.
 */
export async function runTool([file, ...args], { env = {}, held = [], failure }) {
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...held],
    detached: true, // a group of its own: a tool and its helpers are ended together
    shell: process.platform === 'win32', // npx is a .cmd there
  });
  let output = '';
  const collect = (chunk) => {
    output = (output + chunk).slice(-OUTPUT_LIMIT);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const end = await endedOrInterrupted(child);
  if (end.code === 0) return;
  throw new StepFailed(failure, end.error ? end.error.message : output.trim());
}

/** Waits for the end of a tool. A signal to us ends it, with all its helpers, and then us. */
function endedOrInterrupted(child) {
  return new Promise((resolve) => {
    const interrupt = async (signal) => {
      signalGroup(child.pid, 'SIGTERM');
      setTimeout(() => signalGroup(child.pid, 'SIGKILL'), TERMINATE_MS).unref();
      child.once('close', () => process.exit(128 + constants.signals[signal]));
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.once(signal, interrupt);
    const end = (result) => {
      for (const signal of signals) process.off(signal, interrupt);
      resolve(result);
    };
    child.once('error', (error) => end({ error }));
    child.once('close', (code) => end({ code }));
  });
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // it has left
  }
}
