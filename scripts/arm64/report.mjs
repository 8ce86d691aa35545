// Prints docs/verify-arm64.md from the facts of a run: report.mjs <facts.tsv>
import { readFileSync } from 'node:fs';

const facts = new Map(
  readFileSync(process.argv[2], 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')),
);
const fact = (key) => facts.get(key) ?? 'unknown';
const seconds = (step) => `${Number(facts.get(`seconds.${step}`) ?? 0).toFixed(0)} s`;
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const list = (lines) => lines.map((line) => `- ${line}`).join('\n');

const emulated = fact('architecture') !== 'aarch64';
const standIns = fact('stand-ins') === 'yes';
const podman = fact('engine').startsWith('podman');

const sections = [intro, steps, images, memory, standInsUsed, notProven];
process.stdout.write(`${sections.map((section) => section()).join('\n\n')}\n`);

function intro() {
  const processors = emulated
    ? `arm64 was emulated by qemu ${fact('qemu')} on ${fact('processors')} ${fact('architecture')} processors`
    : `on ${fact('processors')} arm64 processors`;
  return `# The containers on arm64: what a run showed

\`scripts/verify-arm64\` builds every image for linux/arm64, brings them up with the real Compose from
\`docker-compose.arm64.yml\` itself and puts photos through them. It has written this page. To run it again:

    sudo scripts/verify-arm64          # --help says more

It uses a Docker engine where there is one. Elsewhere it needs root on Debian 12: it installs podman and qemu, and where no
registry responds it makes stand-ins for the base images and the three servers. They are kept in
\`~/.cache/lazyphotos/verify-arm64\`, beside the logs of the last run; nothing else is left behind.

This run: ${fact('date')}, commit ${fact('commit')}, ${fact('minutes')} minutes; ${processors}; ${fact('engine')}, Docker Compose ${fact('compose')},
Node.js ${fact('node')} in the containers. Other programs may have been running beside it.`;
}

function steps() {
  const rows = [
    ...(standIns ? [madeOrKept('bases', 'base images'), madeOrKept('servers', 'servers')] : []),
    ['`docker compose up`', seconds('up'), 'provisioning ended well, and every container became healthy'],
    ['first photos', seconds('first'), firstPhotos()],
    ['`up --scale media-worker=2`', seconds('scale'), 'a second worker became healthy beside the first'],
    ['more photos', seconds('more'), morePhotos()],
    [
      'catalog stopped',
      seconds('away'),
      'the gateway responded with 503 for photos, and one was uploaded all the same',
    ],
    ['catalog started', seconds('back'), 'healthy again'],
    [
      'one more photo',
      seconds('again'),
      `all ${fact('downloads')} photos copied back and compared; the feed complete`,
    ],
    ['SIGTERM', seconds('stop'), 'every service ended with exit code 0'],
  ];
  return `## What was tried\n\n${table(['step', 'took', 'what happened'], rows)}`;
}

function madeOrKept(step, what) {
  const how = facts.has(`made.${step}`) ? 'made by this run' : 'kept from an earlier run';
  return [`stand-ins: ${what}`, seconds(step), how];
}

function firstPhotos() {
  return [
    'the node claimed, the owner signed in',
    `${fact('first.photos')} real photos (${fact('first.megabytes')} MB, every format) uploaded in ${fact('first.upload-seconds')} s by the project’s own command`,
    `previews complete ${fact('first.ready-seconds')} s later`,
    'all originals copied back and compared byte for byte',
    `${fact('previews')} previews fetched, each a JPEG of the right size`,
    'the feed complete',
  ].join('; ');
}

function morePhotos() {
  const counts = fact('workers').replaceAll(' ', ' and ');
  return `${fact('more.photos')} photos (${fact('more.megabytes')} MB) uploaded in ${fact('more.upload-seconds')} s, previews complete ${fact('more.ready-seconds')} s later; since their starts the two workers have processed ${counts}`;
}

function images() {
  const rows = [...facts.keys()].flatMap((key) => {
    const name = /^image\.(.+)\.megabytes$/.exec(key)?.[1];
    return name ? [[name, `${fact(key)} MB`, seconds(`build-${name}`)]] : [];
  });
  const base = facts.has('base.megabytes') ? ` (${fact('base.megabytes')} MB)` : '';
  return `## Images

Unpacked, with the base image${base}, which they share. The first build installs and compiles for all of them; the others find
that in the cache. The stage that compiles ran on the machine's own processor (${fact('build-stage')}); each image said arm64 when it ran.

${table(['image', 'size', 'build'], rows)}`;
}

function memory() {
  const rows = [...facts.keys()].flatMap((key) => {
    const name = /^memory\.(.+)$/.exec(key)?.[1];
    return name ? [[name, `${fact(key)} MB`]] : [];
  });
  const note = emulated
    ? 'The emulator and the code that it has translated are part of it, for all but RabbitMQ: on a real processor it is less.'
    : '';
  return `## Memory

After the first photos, shared pages by their share. ${note}

${table(['container', 'memory'], rows)}`;
}

function standInsUsed() {
  const rows = [
    ...(emulated ? [['an arm64 processor', 'emulation: times say nothing about a Raspberry Pi']] : []),
    ...(standIns
      ? [
          [
            'debian:bookworm-slim',
            'the same packages from Debian’s mirror, less documentation and translations',
          ],
          ['node', 'the same version from npm’s packages, for the build'],
          ['postgres', `PostgreSQL ${fact('postgres')} of Debian, for arm64`],
          ['minio', 'its latest source, built with Go for arm64'],
          [
            'rabbitmq',
            `RabbitMQ ${fact('rabbitmq')} of Debian, for amd64: Erlang’s compiler crashes under qemu`,
          ],
        ]
      : []),
    ...(emulated && !standIns
      ? [['rabbitmq', 'the same for amd64: Erlang’s compiler crashes under qemu']]
      : []),
  ];
  if (rows.length === 0) return '## What was a stand-in\n\nNothing.';
  return `## What was a stand-in\n\n${table(['instead of', 'what ran'], rows)}`;
}

function notProven() {
  const lines = [
    ...(emulated ? ['speed, and memory on a real processor'] : []),
    ...(podman
      ? [
          'limits of memory and processors: podman took them from the file, but without control groups of its own it does not enforce them',
          'restart policies, rotation of logs, and Docker’s own timing of health checks',
        ]
      : []),
    'the profiles `tls`, `tailscale`, `monitoring` and `antivirus`',
  ];
  return `## What this does not prove\n\n${list(lines)}`;
}
