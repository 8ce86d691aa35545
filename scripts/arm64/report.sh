# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# The report: docs/verify-arm64.md, written from the facts of this run.

# Facts about the machine and what was used.
describe_machine() {
  fact date "$(date --utc +%F)"
  fact minutes "$(((SECONDS + 30) / 60))"
  fact commit "$(git -C "$root" describe --always --dirty || echo unknown)"
  fact processors "$(nproc)"
  fact architecture "$(uname -m)"
  if [ "$engine" = podman ]; then
    fact engine "podman $(podman version --format '{{.Client.Version}}')"
  else
    fact engine "Docker $(docker version --format '{{.Server.Version}}')"
  fi
  [ "$(uname -m)" = aarch64 ] || ! has qemu-aarch64-static ||
    fact qemu "$(qemu-aarch64-static --version | sed -n 's/^qemu-aarch64 version \([0-9.]*\).*/\1/p')"
}

write_report() {
  describe_machine
  run_node "$root/scripts/arm64/report.mjs" "$work/facts.tsv" >"$report"
  echo "Report: $report"
}
