// Only what Node 12 can parse: see start.mjs.
const NEEDED = 20;

/** Loads a module and awaits its `main`, or says in one line that this Node is too old, and fails. */
export async function onSupportedNode(load) {
  if (Number.parseInt(process.versions.node, 10) < NEEDED) {
    fail(`LazyPhotos needs Node.js ${NEEDED} or newer; this is ${process.versions.node}.`);
    return;
  }
  try {
    const { main } = await load();
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    // A failed step has told its story already; anything else is a mistake of ours and needs its stack.
    fail(error.name === 'StepFailed' ? error.message : error.stack);
  }
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
