// Prints docs/verify-arm64.md from the facts of a run: report.mjs <facts.tsv>
import { readFileSync } from 'node:fs';

const facts = new Map(
  readFileSync(process.argv[2], 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')),
);
const fact = (key) => facts.get(key) ?? 'unknown';
const seconds = (name) => `${Number(facts.get(`seconds.${name}`) ?? 0).toFixed(0)} s`;
/** Facts whose keys begin so, without that beginning. */
const under = (prefix) =>
  [...facts]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const emulated = fact('architecture') !== 'aarch64';
const standIns = fact('stand-ins') === 'yes';

process.stdout.write(`${[title(), steps(), images(), memory(), notReal(), notProven()].join('\n\n')}\n`);

function title() {
  const processor = emulated
    ? `emulated by qemu ${fact('qemu')} on ${fact('processors')} ${fact('architecture')} processors`
    : `on ${fact('processors')} processors of its own`;
  return `# The containers on arm64: what a run showed

\`scripts/verify-arm64\` builds every image for linux/arm64, brings them up with the real Compose from
\`docker-compose.arm64.yml\` itself and puts photos through them. It wrote this page. Run it again with

    sudo scripts/verify-arm64          # --help says more

It needs a Docker engine, or root on Debian 12: then it installs podman and qemu itself, and where no registry answers it makes
stand-ins for the base images and the three servers. Those are kept, so that later runs take a few minutes.

Last run: ${fact('date')}, commit ${fact('commit')}; arm64 ${processor}; ${fact('engine')}, Compose ${fact('compose')}, Node.js ${fact('node')}.`;
}

function steps() {
  const rows = [
    ...(standIns
      ? [
          ['stand-ins for the base images', seconds('bases'), 'made once, then kept'],
          ['stand-ins for PostgreSQL, RabbitMQ and MinIO', seconds('servers'), 'the same'],
        ]
      : []),
    [
      '`docker compose up`',
      seconds('up'),
      'until every container is healthy: provisioning, then the services',
    ],
    [
      'first photos',
      seconds('first'),
      `claim, sign-in, ${fact('first.photos')} real photos (${fact('first.megabytes')} MB) uploaded in ${fact('first.upload-seconds')} s, previews ${fact('first.ready-seconds')} s later; originals copied back and compared byte for byte; ${fact('previews')} previews fetched, each a JPEG of the right size; the feed complete`,
    ],
    ['`up --scale media-worker=2`', seconds('scale'), 'a second worker beside the running one'],
    [
      'more photos',
      seconds('more'),
      `${fact('more.photos')} photos (${fact('more.megabytes')} MB), previews ${fact('more.ready-seconds')} s after the upload; the workers made ${fact('workers').replaceAll(' ', ' and ')} since their start`,
    ],
    ['catalog stopped', seconds('away'), 'the gateway answers 503 for it, and goes on'],
    ['catalog started', seconds('back'), 'healthy again'],
    [
      'once more',
      seconds('again'),
      `one more photo; all ${fact('downloads')} copied back and compared; the feed complete`,
    ],
    ['SIGTERM', seconds('stop'), 'every service ends with exit code 0'],
  ];
  return `## What was tried\n\n${table(['step', 'took', 'what happened'], rows)}`;
}

function images() {
  const rows = under('image.').map(([key, megabytes]) => {
    const name = key.replace('.megabytes', '');
    return [name, `${megabytes} MB`, seconds(`build-${name}`)];
  });
  return `## Images

Unpacked, with the base image (${fact('base.megabytes')} MB), which they share on a machine. The first build installs and compiles for all of
them; the others find that in the cache. The stage that compiles ran on this machine's own processor (${fact('build-stage')}), and each
image said arm64 when it ran.

${table(['image', 'size', 'build'], rows)}`;
}

function memory() {
  const rows = under('memory.').map(([name, megabytes]) => [name, `${megabytes} MB`]);
  const note = emulated
    ? 'This includes the emulator and the code that it has translated: on a real processor it is less.'
    : 'Shared pages count by their share.';
  return `## Memory\n\nAfter the first photos. ${note}\n\n${table(['container', 'memory'], rows)}`;
}

function notReal() {
  const rows = [
    ...(emulated ? [['processor', 'emulated: times say nothing about a Raspberry Pi']] : []),
    ...(standIns
      ? [
          ['debian:bookworm-slim', 'made by debootstrap from Debian’s mirror, without the same files'],
          ['node', 'the same version, from npm’s packages; only the build uses it'],
          ['PostgreSQL', `${fact('postgres')} from Debian, for arm64`],
          ['MinIO', 'the release’s source, built with Go for arm64'],
          ['RabbitMQ', `${fact('rabbitmq')} from Debian, for amd64: Erlang’s compiler crashes under qemu`],
        ]
      : []),
    ...(!standIns && emulated ? [['RabbitMQ', 'for amd64: Erlang’s compiler crashes under qemu']] : []),
  ];
  if (rows.length === 0) return '## What was a stand-in\n\nNothing.';
  return `## What was a stand-in\n\n${table(['instead of', 'what ran'], rows)}`;
}

function notProven() {
  const lines = [
    ...(fact('engine').startsWith('podman')
      ? ['limits of memory and processors: taken from the file, but not enforced by this run']
      : []),
    ...(fact('engine').startsWith('podman') ? ['restart policies and the rotation of logs'] : []),
    ...(emulated ? ['speed, and memory on a real processor'] : []),
    'the profiles `tls`, `tailscale`, `monitoring` and `antivirus`',
  ];
  return `## What this does not prove\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}
