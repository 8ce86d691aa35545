// The heap of a node in another process after a garbage collection, by its inspector, which runs only while it is asked.
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process must be started with, as NODE_OPTIONS. */
export const inspectorOption = (port) => `--inspect-port=127.0.0.1:${port}`;

async function debuggerUrl(port) {
  for (;;) {
    const targets = await fetch(`http://127.0.0.1:${port}/json/list`).then(
      (response) => response.json(),
      () => [],
    );
    if (targets[0]) return targets[0].webSocketDebuggerUrl;
    await sleep(50);
  }
}

/** Resolves to `process.memoryUsage()` before and after two collections; the heap is that of the main thread alone. */
export async function liveHeap(pid, port) {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await debuggerUrl(port));
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  let id = 0;
  const ask = (method, params = {}) =>
    new Promise((resolve) => {
      id += 1;
      const wanted = id;
      const receive = ({ data }) => {
        const message = JSON.parse(data);
        if (message.id !== wanted) return;
        socket.removeEventListener('message', receive);
        resolve(message.result);
      };
      socket.addEventListener('message', receive);
      socket.send(JSON.stringify({ id, method, params }));
    });
  const evaluate = (expression) => ask('Runtime.evaluate', { expression });
  const usage = async () =>
    JSON.parse((await evaluate('JSON.stringify(process.memoryUsage())')).result.value);
  await ask('HeapProfiler.enable');
  const before = await usage();
  for (let times = 0; times < 2; times += 1) await ask('HeapProfiler.collectGarbage');
  const after = await usage();
  // Not awaited: the connection ends with it.
  void evaluate("process.getBuiltinModule('node:inspector').close()");
  socket.close();
  return { before, after };
}
