#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what an agent costs the host it runs on: one device of 8 channels at 1 Hz, watching, not training.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
    cat <<'TEXT'
Usage: Scripts/benchmark footprint [--seconds 60] [--json]

Runs an agent alone on a recording of 8 channels, a sample a second, waits until it has learned its model (about a
minute), and then measures resident memory and CPU time for --seconds.
TEXT
}

seconds=60
json=false
while [ $# -gt 0 ]; do
    case "$1" in
        --seconds)
            [[ "${2:-}" =~ ^[1-9][0-9]{0,3}$ ]] || { echo "footprint: --seconds needs a number from 1 to 9999" >&2; exit 64; }
            seconds=$2; shift ;;
        --json) json=true ;;
        -h | --help) usage; exit 0 ;;
        *) echo "footprint: unknown option \"$1\"" >&2; exit 64 ;;
    esac
    shift
done

swift build -c release --product linnet-edge >&2
directory=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$directory"' EXIT
# An hour of eight channels that follow one load, with noise; the same in every run.
awk 'BEGIN {
    srand(7)
    print "a,b,c,d,e,f,g,h"
    for (second = 0; second < 3600; second++) {
        load = sin(second / 40)
        for (channel = 1; channel <= 8; channel++)
            printf "%.4f%s", 10 * channel + channel * load + 0.1 * rand(), channel < 8 ? "," : "\n"
    }
}' >"$directory/pump.csv"
cat >"$directory/edge.yaml" <<'YAML'
agent: footprint
state: state
window: {length: 8, stride: 1}
learning: {minimumWindows: 50}
devices:
  - id: pump
    source: {kind: csv, path: pump.csv, loop: true}
YAML
OPENBLAS_NUM_THREADS=1 .build/release/linnet-edge run --config "$directory/edge.yaml" 2>"$directory/log" &
pid=$!
echo "footprint: the agent learns its model, about a minute" >&2
for _ in $(seq 1 180); do
    grep -q 'model installed' "$directory/log" && break
    kill -0 "$pid" 2>/dev/null || { cat "$directory/log" >&2; echo "footprint: the agent ended" >&2; exit 1; }
    sleep 1
done
grep -q 'model installed' "$directory/log" || { cat "$directory/log" >&2; echo "footprint: no model after three minutes" >&2; exit 1; }
sleep 5

ticks() { awk '{print $14 + $15}' <(sed 's/.*) //' "/proc/$pid/stat" | awk '{print "x x " $0}'); }
value() { awk -v key="$1:" '$1 == key {print $2}' "$2"; }
before=$(ticks)
echo "footprint: measuring for $seconds s" >&2
sleep "$seconds"
after=$(ticks)
resident=$(value VmRSS "/proc/$pid/status")
peak=$(value VmHWM "/proc/$pid/status")
proportional=$(value Pss "/proc/$pid/smaps_rollup")
threads=$(value Threads "/proc/$pid/status")
share=$(awk -v t="$((after - before))" -v hz="$(getconf CLK_TCK)" -v s="$seconds" 'BEGIN {printf "%.2f", 100 * t / hz / s}')
mib() { awk -v k="$1" 'BEGIN {printf "%.1f", k / 1024}'; }

if $json; then
    printf '{"benchmark":"footprint","residentMiB":%s,"peakMiB":%s,"proportionalMiB":%s,"cpuPercent":%s,"threads":%s,"seconds":%s,' \
        "$(mib "$resident")" "$(mib "$peak")" "$(mib "$proportional")" "$share" "$threads" "$seconds"
    printf '"rows":[{"name":"resident memory","linnet":%s,"peer":"idle Flower client","peerMiB":134,"ratio":%s},' \
        "$(mib "$resident")" "$(awk -v k="$resident" 'BEGIN {printf "%.2f", 134 * 1024 / k}')"
    printf '{"name":"resident memory","linnet":%s,"peer":"PyTorch inference","peerMiB":305,"ratio":%s}]}\n' \
        "$(mib "$resident")" "$(awk -v k="$resident" 'BEGIN {printf "%.2f", 305 * 1024 / k}')"
else
    cat <<TEXT
One agent, one device of 8 channels at 1 Hz, watching for $seconds s:
  resident memory   $(mib "$resident") MiB   (aim: 25; published: idle Flower client 134, PyTorch inference 305)
  proportional      $(mib "$proportional") MiB
  peak              $(mib "$peak") MiB   (with the training at the start)
  CPU               $share % of a core   (aim: 1)
  threads           $threads
TEXT
fi
