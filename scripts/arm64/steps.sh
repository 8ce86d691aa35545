# shellcheck shell=bash disable=SC2154,SC2034 # the variables of scripts/verify-arm64
# What every part shares: steps that keep a log, facts for the report, things to undo at the end.
# Expects $work (a private temporary folder) and $logs; descriptor 3 is the terminal, where a step's own output does not go.

undo=()
current_step=

# at_exit <command...>: is run when the script ends, however it ends; the last one first.
at_exit() {
  undo+=("$(printf '%q ' "$@")")
}

# step <name> <what it does> <command...>: runs the command with its output in <logs>/<name>.log and keeps the seconds as a fact.
# The command is not called in a condition: bash would then go on after a failure inside it.
step() {
  local name=$1 title=$2 began=$EPOCHREALTIME
  shift 2
  printf '%s … ' "$title"
  current_step=$name
  "$@" >"$logs/$name.log" 2>&1
  current_step=
  local seconds
  seconds=$(seconds_since "$began")
  fact "seconds.$name" "$seconds"
  printf '%s s\n' "$seconds"
}

seconds_since() {
  awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'
}

# fact <key> <value>: something that the report tells.
fact() {
  printf '%s\t%s\n' "$1" "$2" >>"$work/facts.tsv"
}

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Tells of a failed step with the end of its log, then undoes everything. Set as the EXIT trap.
finish() {
  local status=$? index
  trap - EXIT
  if [ -n "$current_step" ]; then
    printf 'failed. The end of %s:\n' "$logs/$current_step.log" >&3
    tail -n 40 "$logs/$current_step.log" >&3
  fi
  for ((index = ${#undo[@]} - 1; index >= 0; index--)); do
    eval "${undo[index]}" >>"$logs/undo.log" 2>&1 || true
  done
  exit "$status"
}
