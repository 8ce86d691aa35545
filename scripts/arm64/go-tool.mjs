// Prints the path of a program that is built with Go once and kept: go-tool.mjs <name> [<os> <arch>]
import { goTool } from '../../packages/testkit/dist/index.js';

const [name, os, arch] = process.argv.slice(2);
process.stdout.write(`${await goTool(name, os && arch ? { os, arch } : undefined)}\n`);
